namespace TwoNodeHa.Sim.Mutation;

/// <summary>Which mutants are hunted, and with what.</summary>
/// <param name="Only">Parts of the names of the mutants that are tried, separated by commas; null for all.</param>
/// <param name="FuzzSeeds">Fuzz seeds of each class for what the table does not catch.</param>
/// <param name="FuzzAll">Fuzz those too that the table caught.</param>
/// <param name="Threads">Mutants at a time.</param>
/// <param name="Shard">i/n: every n-th mutant, from the i-th.</param>
/// <param name="Hinted">Of the table only the scenarios that a mutant's hint names.</param>
/// <param name="Table">Of the table only scenarios whose name contains one of these parts, separated by commas; null for all.</param>
/// <param name="Play">A scenario file that is told with each of the mutants on, in the place of a hunt; null for a hunt.</param>
internal sealed record HuntOrder(string? Only, int FuzzSeeds, bool FuzzAll, int Threads, string Shard, bool Hinted, string? Table = null, string? Play = null)
{
    /// <summary>The mutant is among those that are asked for.</summary>
    public bool Hunts(MutantRule rule) => IsNamed(Only, rule.Name);

    /// <summary>The scenario is among those that it is hunted with.</summary>
    public bool Plays(string scenario) => IsNamed(Table, scenario);

    private static bool IsNamed(string? parts, string name) => parts is null || parts.Split(',').Any(part => name.Contains(part, StringComparison.Ordinal));
}
