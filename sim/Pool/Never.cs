namespace TwoNodeHa.Sim.Pool;

/// <summary>
/// Work of a process that died, or of a call that hangs: a task that never completes. Nothing refers to its source, so
/// the abandoned work is collected as garbage.
/// </summary>
internal static class Never
{
    public static Task Task() => new TaskCompletionSource().Task;
}
