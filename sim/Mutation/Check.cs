#if MUTANTS
using TwoNodeHa.Core;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Mutation;

/// <summary>One thing that can notice a mutant: a unit test of the machine, or a variant of a scenario.</summary>
internal sealed class Check
{
    /// <summary>A mutant may ask for so many times more switches than the rules as they are.</summary>
    private const long Patience = 20;
    private const long Unbounded = long.MaxValue / 2;

    private readonly Scenario? _scenario;
    private readonly Variant? _variant;
    private string? _log;
    private long _calls = -1;

    /// <summary>A unit test, CLASS.METHOD.</summary>
    public Check(string test) => Name = test;

    public Check(Scenario scenario, Variant variant)
    {
        (_scenario, _variant) = (scenario, variant);
        Name = $"{scenario.Name} {variant.Name(scenario)}".Trim();
    }

    public string Name { get; }

    public bool IsTest => _scenario is null;

    /// <summary>Switches that it comes to.</summary>
    public bool[] Reached { get; private set; } = [];

    /// <summary>Switches that it asks for without a mutant: what it costs, whatever else the machine does.</summary>
    public long Calls => Volatile.Read(ref _calls);

    /// <summary>How it goes without any mutant.</summary>
    /// <exception cref="InvalidOperationException">It fails without any.</exception>
    public void Learn(int mutants)
    {
        lock (this)
        {
            if (_calls >= 0 && Reached.Length > mutants)
            {
                return;
            }

            var before = Mutant.Active;
            var reached = new bool[mutants + 1];
            (Mutant.Active, _calls) = (0, -1);
            Mutant.Allow(Unbounded);
            Mutant.Note(reached);
            try
            {
                if (Run() is { } broken)
                {
                    throw new InvalidOperationException($"{Name} fails without any mutant: {broken}");
                }
            }
            finally
            {
                Mutant.Note(null);
                Mutant.Active = before;
            }

            (Reached, _calls) = (reached, Mutant.Asked(Unbounded));
        }
    }

    /// <summary>What notices the mutant, with "log" in front where only the log differs; null when nothing does.</summary>
    public string? Broken(int number, int mutants)
    {
        Learn(mutants);
        Mutant.Active = number;
        Mutant.Allow((_calls * Patience) + 100_000);
        try
        {
            var broken = Run();
            return Mutant.Spent ? "it does not end" : broken;
        }
        catch (Exception error)
        {
            return $"{error.GetType().Name}: {error.Message.Split('\n')[0]}";
        }
        finally
        {
            Mutant.Active = 0;
            Mutant.Allow(Unbounded);
        }
    }

    private string? Run()
    {
        if (_scenario is null)
        {
            return UnitTests.Broken(Name);
        }

        var result = new ScenarioRun(_scenario, _variant!).Run();
        if (!result.Passed)
        {
            return result.Failures[0];
        }

        var log = string.Join('\n', result.Log);
        if (_calls < 0)
        {
            _log = log;
        }

        return log == _log ? null : "log";
    }
}
#endif
