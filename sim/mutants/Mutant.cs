using System.Runtime.CompilerServices;

namespace TwoNodeHa.Core;

/// <summary>The mutant that is on in this thread, and which switches were asked for. Exists in the test build only.</summary>
public static class Mutant
{
    [ThreadStatic]
    private static Switches? s_switches;

    private static Switches Here => s_switches ??= new Switches();

    /// <summary>Its number; 0 for none.</summary>
    public static int Active
    {
        get => Here.Active;
        set => Here.Active = value;
    }

    /// <summary>More switches were asked for than were allowed: a mutant that makes a loop endless ends here.</summary>
    public static bool Spent => Here.Left < 0;

    /// <summary>From now on so many switches may be asked for; whatever asks for more fails.</summary>
    public static void Allow(long calls) => Here.Left = calls;

    /// <summary>Switches asked for since <see cref="Allow"/> with this number.</summary>
    public static long Asked(long allowed) => allowed - Here.Left;

    /// <summary>Notes the numbers that are asked for; null: no longer.</summary>
    public static void Note(bool[]? reached) => Here.Reached = reached;

    public static bool Is(int number)
    {
        var here = Here;
        if (--here.Left < 0)
        {
            throw new InvalidOperationException("a mutant runs without end");
        }

        if (here.Reached is { } reached && number < reached.Length)
        {
            reached[number] = true;
        }

        if (here.Active != number)
        {
            return false;
        }

        RuntimeHelpers.EnsureSufficientExecutionStack();
        return true;
    }

    private sealed class Switches
    {
        public int Active;
        public bool[]? Reached;
        public long Left = long.MaxValue;
    }
}
