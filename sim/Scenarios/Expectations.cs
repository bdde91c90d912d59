using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>What a scenario expects of one run.</summary>
/// <param name="Holds">True when it holds now.</param>
/// <param name="Within">
/// It must come to hold, and go on holding, no later than this after the last event that broke it; null: it must hold at the end.
/// </param>
/// <param name="At">It must hold at this time; null otherwise.</param>
/// <param name="Always">It must hold all the time.</param>
/// <param name="Once">With a bound: to have come to hold is enough, the state passes.</param>
internal sealed record Expectation(Func<RunView, bool> Holds, TimeSpan? Within = null, TimeSpan? At = null, bool Always = false, bool Once = false);

/// <summary>What expectations look at.</summary>
internal sealed class RunView(VirtualWorld world)
{
    public VirtualWorld World { get; } = world;

    /// <summary>Reported events since second 0, with the time of the world.</summary>
    public List<(int Host, HaEvent Event, TimeSpan At)> Events { get; } = [];

    /// <summary>Where each VM ran at second 0.</summary>
    public Dictionary<string, int> Placement { get; } = new(StringComparer.Ordinal);

    /// <summary>A VM left its place since second 0.</summary>
    public bool Moved { get; set; }

    public bool Reported(int host, HaEventId id) => Events.Exists(each => each.Host == host && each.Event.Id == id);

    public bool Reported(HaEventId id) => Events.Exists(each => each.Event.Id == id);

    /// <summary>From the newest suspicion of a host before its first order of a start to that order; null without both.</summary>
    public TimeSpan? FromSuspicionToStart(int host)
    {
        var start = Events.FindIndex(each => each.Host == host && each.Event.Id == HaEventId.VmStartOrdered);
        var suspicion = start < 0 ? -1 : Events.FindLastIndex(start, each => each.Host == host && each.Event.Id == HaEventId.StateChanged
            && each.Event.Sentence.Contains($"-> {HaStatus.Suspecting}:", StringComparison.Ordinal));
        return suspicion < 0 ? null : Events[start].At - Events[suspicion].At;
    }

    public bool Has(int host, string text) => Events.Exists(each => each.Host == host && each.Event.Sentence.Contains(text, StringComparison.Ordinal));

    public HaStatus? Status(int host) => World.Hosts[host].Daemon?.State.Status;

    public bool IsMaster(int host) => World.Hosts[host] is { PoweredOn: true, Toolstack.Records: not null };

    public bool RunsSomewhere(string vm) => World.Runs(0, vm) || World.Runs(1, vm);
}

/// <summary>What a scenario can expect, in words.</summary>
internal static class Expectations
{
    public static readonly PhraseBook<Func<PhraseArguments, Expectation>> Book = new(
    [
        Expect("vm {vm} runs on {host} within {time}", "vm web runs on b within 12s", "By then the VM runs on that host.", args =>
        {
            var (vm, host, within) = (args.Word(), args.Host(), args.Time());
            return new Expectation(view => view.World.Runs(host, vm), within);
        }),
        Expect("vm {vm} runs on {host}", "vm web runs on b", "It runs there at the end.", args =>
        {
            var (vm, host) = (args.Word(), args.Host());
            return new Expectation(view => view.World.Runs(host, vm));
        }),
        Expect("vm {vm} runs nowhere at {time}", "vm web runs nowhere at 20s", "At that time it runs on no host.", args =>
        {
            var (vm, at) = (args.Word(), args.Time());
            return new Expectation(view => !view.RunsSomewhere(vm), At: at);
        }),
        Expect("vm {vm} runs nowhere", "vm web runs nowhere", "It runs on no host at the end.", args =>
        {
            var vm = args.Word();
            return new Expectation(view => !view.RunsSomewhere(vm));
        }),
        Expect("all VMs run on {host} within {time}", "all VMs run on b within 15s", "By then every VM of the pool runs there.", args =>
        {
            var (host, within) = (args.Host(), args.Time());
            return new Expectation(view => view.World.Pool.Vms.All(vm => view.World.Runs(host, vm.Name)), within);
        }),
        Expect("all VMs run on {host}", "all VMs run on b", "Every VM runs there at the end.", args =>
        {
            var host = args.Host();
            return new Expectation(view => view.World.Pool.Vms.All(vm => view.World.Runs(host, vm.Name)));
        }),
        Expect("all VMs run within {time}", "all VMs run within 60s", "By then every VM runs on some host.", args =>
            new Expectation(view => view.World.Pool.Vms.All(vm => view.RunsSomewhere(vm.Name)), args.Time())),
        Expect("all VMs run at {time}", "all VMs run at 90s", "At that time every VM runs on some host.", args =>
            new Expectation(view => view.World.Pool.Vms.All(vm => view.RunsSomewhere(vm.Name)), At: args.Time())),
        Expect("no VM stops", "no VM stops", "Every VM runs on some host all the time, on its way between them too.", _ =>
            new Expectation(view => view.World.Pool.Vms.All(vm => view.RunsSomewhere(vm.Name)), Always: true)),
        Expect("all VMs run", "all VMs run", "Every VM runs on some host at the end.", _ =>
            new Expectation(view => view.World.Pool.Vms.All(vm => view.RunsSomewhere(vm.Name)))),
        Expect("nothing runs on {host}", "nothing runs on a", "No domain is left there at the end.", args =>
        {
            var host = args.Host();
            return new Expectation(view => view.World.Hosts[host].Domains.List().Count == 0);
        }),
        Expect("nothing runs on {host} within {time}", "nothing runs on a within 10s", "By then no domain is left there.", args =>
        {
            var (host, within) = (args.Host(), args.Time());
            return new Expectation(view => view.World.Hosts[host].Domains.List().Count == 0, within, Once: true);
        }),
        Expect("the storage refused writes of {host}", "the storage refused writes of a", "At least one write of a VM there ended with RESERVATION CONFLICT.", args =>
        {
            var host = args.Host();
            return new Expectation(view => view.World.Luns.Refused[host] > 0);
        }),
        Expect("the storage refused no write", "the storage refused no write", "No write of any VM ended with RESERVATION CONFLICT.", _ =>
            new Expectation(view => view.World.Luns.Refused.Sum() == 0, Always: true)),
        Expect("no disk was written by both hosts", "no disk was written by both hosts", "The storage never carried out writes of both hosts to one disk.", _ =>
            new Expectation(view => view.World.Luns.WrittenTwice == 0, Always: true)),
        Expect("nothing moved", "nothing moved", "Every VM ran all the time where it ran at second 0.", _ =>
            new Expectation(view => !view.Moved, Always: true)),
        Expect("{host} is master", "b is master", "Its toolstack is the pool's master at the end.", args =>
        {
            var host = args.Host();
            return new Expectation(view => view.IsMaster(host));
        }),
        Expect("{host} is master within {time}", "b is master within 12s", "Its toolstack is master by then.", args =>
        {
            var (host, within) = (args.Host(), args.Time());
            return new Expectation(view => view.IsMaster(host), within);
        }),
        Expect("{host} runs update {number}", "a runs update 1", "So many updates of its toolstack are in force at the end, and it has completed its start.", args =>
        {
            var (host, count) = (args.Host(), args.Number());
            return new Expectation(view => view.World.Hosts[host].Toolstack is { Status: { InitComplete: true, Emergency: false }, Updates: var updates } && updates == count);
        }),
        Expect("{host} is blocked at {time}", "a is blocked at 200s", "At that time its toolstack does not start, because it is newer than the master's.", args =>
        {
            var (host, at) = (args.Host(), args.Time());
            return new Expectation(view => view.World.Hosts[host].Toolstack.Status is { Emergency: true, EmergencyError: ["HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR", ..] }, At: at);
        }),
        Expect("the pool has one master at {time}", "the pool has one master at 200s", "Exactly one toolstack is master at that time.", args =>
            new Expectation(view => view.IsMaster(0) != view.IsMaster(1), At: args.Time())),
        Expect("the pool has one master", "the pool has one master", "Exactly one toolstack is master at the end.", _ =>
            new Expectation(view => view.IsMaster(0) != view.IsMaster(1))),
        Expect("{host} is slave at {time}", "b is slave at 30s", "Its toolstack is no master at that time.", args =>
        {
            var (host, at) = (args.Host(), args.Time());
            return new Expectation(view => !view.IsMaster(host), At: at);
        }),
        Expect("{host} is {word}", "a is Fenced", "HA state of the host at the end; Down when no daemon runs.", args =>
        {
            var (host, status) = (args.Host(), Status(args.Word()));
            return new Expectation(view => view.Status(host) == status);
        }),
        Expect("{host} is {word} at {time}", "a is Holding at 30s", "HA state at that time.", args =>
        {
            var (host, status, at) = (args.Host(), Status(args.Word()), args.Time());
            return new Expectation(view => view.Status(host) == status, At: at);
        }),
        Expect("{host} is {word} within {time}", "a is Fenced within 10s", "It comes to that state by then.", args =>
        {
            var (host, status, within) = (args.Host(), Status(args.Word()), args.Time());
            return new Expectation(view => view.Status(host) == status, within, Once: true);
        }),
        Expect("both are paired", "both are paired", "Protection is whole at the end.", _ =>
            new Expectation(view => view.Status(0) == HaStatus.Paired && view.Status(1) == HaStatus.Paired)),
        Expect("both are paired within {time}", "both are paired within 90s", "Protection is whole again by then.", args =>
            new Expectation(view => view.Status(0) == HaStatus.Paired && view.Status(1) == HaStatus.Paired, args.Time())),
        Expect("nothing was fenced", "nothing was fenced", "No host decided to fence, and no watchdog fired.", _ =>
            new Expectation(view => !view.Reported(HaEventId.FenceDecided) && view.World.Checker.Resets == 0)),
        Expect("{host} was fenced", "a was fenced", "It decided to fence itself.", args =>
        {
            var host = args.Host();
            return new Expectation(view => view.Reported(host, HaEventId.FenceDecided));
        }),
        Expect("{host} was fenced within {time}", "a was fenced within 6s", "It decided so by then.", args =>
        {
            var (host, within) = (args.Host(), args.Time());
            return new Expectation(view => view.Reported(host, HaEventId.FenceDecided), within, Once: true);
        }),
        Expect("{host} was not fenced", "b was not fenced", "It never decided to fence itself.", args =>
        {
            var host = args.Host();
            return new Expectation(view => !view.Reported(host, HaEventId.FenceDecided));
        }),
        Expect("a watchdog fired", "a watchdog fired", "Some host was reset by its watchdog.", _ =>
            new Expectation(view => view.World.Checker.Resets > 0)),
        Expect("no watchdog fired", "no watchdog fired", "No host was reset by its watchdog.", _ =>
            new Expectation(view => view.World.Checker.Resets == 0)),
        Expect("no takeover", "no takeover", "No host took over.", _ =>
            new Expectation(view => !view.Reported(HaEventId.TakeoverDecided))),
        Expect("{host} took over", "b took over", "It decided a takeover.", args =>
        {
            var host = args.Host();
            return new Expectation(view => view.Reported(host, HaEventId.TakeoverDecided));
        }),
        Expect("{host} took over by {word}", "b took over by T2", "It decided a takeover by that rule.", args =>
        {
            var (host, rule) = (args.Host(), args.Word());
            return new Expectation(view => view.Events.Exists(each => each.Host == host
                && each.Event.Id == HaEventId.TakeoverDecided && each.Event.Sentence.Contains($": {rule}:", StringComparison.Ordinal)));
        }),
        Expect("{host} orders a start within {time} of its suspicion", "b orders a start within 4s of its suspicion",
            "Its first order to start a VM came so soon after it became Suspecting; the toolstack's own time counts.", args =>
        {
            var (host, within) = (args.Host(), args.Time());
            return new Expectation(view => view.FromSuspicionToStart(host) <= within);
        }),
        Expect("{host} says {text}", "b says \"the platform's own HA\"", "One of its events contains the text.", args =>
        {
            var (host, text) = (args.Host(), args.Word());
            return new Expectation(view => view.Has(host, text));
        }),
        Expect("{host} never says {text}", "b never says \"conflict\"", "None of its events contains the text.", args =>
        {
            var (host, text) = (args.Host(), args.Word());
            return new Expectation(view => !view.Has(host, text));
        }),
        Expect("{word} is broken", "S1 is broken", "A documented counterexample: this promise cannot be kept here.", args =>
        {
            var promise = args.Word();
            return new Expectation(view => view.World.Violations.Any(each => each.Contains($" {promise}: ", StringComparison.Ordinal)));
        }),
    ]);

    private static HaStatus? Status(string word) => word == "Down" ? null
        : Enum.TryParse<HaStatus>(word, out var status) ? status
        : throw new PhraseException($"no HA state '{word}': {string.Join(", ", Enum.GetNames<HaStatus>())}, Down");

    private static Phrase<Func<PhraseArguments, Expectation>> Expect(
        string pattern, string example, string meaning, Func<PhraseArguments, Expectation> make) =>
        new(pattern, example, meaning, make);
}
