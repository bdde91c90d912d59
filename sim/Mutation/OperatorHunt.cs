#if MUTANTS
using System.Collections.Concurrent;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Mutation;

/// <summary>Looks for what notices each mutant of the operators: first what the ledger names, then whatever comes to its place.</summary>
internal sealed class OperatorHunt
{
    private readonly ConcurrentDictionary<string, int> _kills = new(StringComparer.Ordinal);
    private readonly List<Check> _checks = [];
    private readonly Dictionary<string, Check> _byName = new(StringComparer.Ordinal);
    private readonly int _mutants;
    private readonly int _tries;
    private bool _learned;

    /// <param name="scenarios">The table, without what is pending.</param>
    /// <param name="mutants">Highest number of a mutant.</param>
    /// <param name="tries">Scenarios for one mutant; half of them where no log differs. Then it counts as a survivor.</param>
    public OperatorHunt(IReadOnlyList<Scenario> scenarios, int mutants, int tries)
    {
        (_mutants, _tries) = (mutants, tries);
        _checks.AddRange(UnitTests.Names().Select(name => new Check(name)));
        _checks.AddRange(scenarios.SelectMany(scenario => scenario.Variants().Select(variant => new Check(scenario, variant))));
        foreach (var check in _checks)
        {
            _byName.TryAdd(check.Name, check);
        }
    }

    /// <summary>By what the ledger names alone; null when that no longer notices.</summary>
    public OperatorFate? ByName(string id, int line, int number, string killer)
    {
        var logged = killer.StartsWith("log ", StringComparison.Ordinal);
        if (!_byName.TryGetValue(logged ? killer[4..] : killer, out var check) || check.Broken(number, _mutants) is not { } what)
        {
            return null;
        }

        return new OperatorFate(id, line, what == "log" ? $"log {check.Name}" : check.Name, what, true);
    }

    /// <summary>By all that comes to its place; where the same member's mutants were noticed first.</summary>
    public OperatorFate Hunt(string id, int line, int number)
    {
        LearnAll();
        var place = id[..id.IndexOf(':', StringComparison.Ordinal)];
        place = place[..place.LastIndexOf(' ')];
        var file = place[..place.IndexOf(' ', StringComparison.Ordinal)];
        var reaching = _checks.Where(check => number < check.Reached.Length && check.Reached[number])
            .OrderByDescending(check => check.IsTest)
            .ThenByDescending(check => _kills.GetValueOrDefault($"{place} {check.Name}"))
            .ThenByDescending(check => _kills.GetValueOrDefault($"{file} {check.Name}"))
            .ThenBy(check => check.Calls)
            .ToList();
        var logged = "";
        var tried = 0;
        foreach (var check in reaching)
        {
            if (!check.IsTest && tried++ >= (logged.Length > 0 ? _tries : _tries / 2))
            {
                break;
            }

            var what = check.Broken(number, _mutants);
            if (what == "log")
            {
                logged = logged.Length > 0 ? logged : $"log {check.Name}";
            }
            else if (what is not null)
            {
                _kills.AddOrUpdate($"{place} {check.Name}", 1, (_, count) => count + 1);
                _kills.AddOrUpdate($"{file} {check.Name}", 1, (_, count) => count + 1);
                return new OperatorFate(id, line, check.Name, what, true);
            }
        }

        return new OperatorFate(id, line, logged, logged, reaching.Count > 0);
    }

    private void LearnAll()
    {
        lock (_checks)
        {
            if (!_learned)
            {
                _checks.ForEach(check => check.Learn(_mutants));
                _learned = true;
            }
        }
    }
}
#endif
