namespace TwoNodeHa.Sim.Mutation;

/// <summary>Which mutants are hunted, and with what.</summary>
/// <param name="Only">Parts of the names of the mutants that are tried, separated by commas; null for all.</param>
/// <param name="FuzzSeeds">Fuzz seeds of each class for what the table does not catch.</param>
/// <param name="FuzzAll">Fuzz those too that the table caught.</param>
/// <param name="Threads">Mutants at a time.</param>
/// <param name="Shard">i/n: every n-th mutant, from the i-th.</param>
/// <param name="Hinted">Of the table only the scenarios that a mutant's hint names.</param>
internal sealed record HuntOrder(string? Only, int FuzzSeeds, bool FuzzAll, int Threads, string Shard, bool Hinted)
{
    /// <summary>The mutant is among those that are asked for.</summary>
    public bool Hunts(MutantRule rule) => Only is null || Only.Split(',').Any(part => rule.Name.Contains(part, StringComparison.Ordinal));
}
