namespace TwoNodeHa.Sim;

/// <summary>Threads for whole simulations.</summary>
internal static class Workers
{
    /// <summary>Deep enough for a decision that goes wrong: a mutant may recurse where the rules do not.</summary>
    private const int StackBytes = 16 << 20;

    /// <summary>Runs the same work on so many threads, and returns when all have ended.</summary>
    public static void Run(int threads, Action work)
    {
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() => work(), StackBytes)).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
    }
}
