namespace TwoNodeHa.Sim.Mutation;

/// <summary>Which mutants of the operators are hunted, and how.</summary>
/// <param name="Only">Part of the ids of those that are tried; null for all.</param>
/// <param name="All">Not by what the ledger names, and it learns what is found.</param>
/// <param name="New">Of those that the ledger does not know, so many are hunted.</param>
/// <param name="Tries">Scenarios for one mutant.</param>
/// <param name="Minutes">Then no further one is begun.</param>
/// <param name="Threads">Mutants at a time.</param>
/// <param name="Shard">i/n: every n-th mutant, from the i-th.</param>
internal sealed record OperatorOrder(string? Only, bool All, int New, int Tries, double Minutes, int Threads, string Shard);
