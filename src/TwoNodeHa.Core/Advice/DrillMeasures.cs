using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Core.Advice;

/// <summary>The times of one drill, from the journals, beside what <see cref="Timeline"/> says of this configuration.</summary>
internal sealed class DrillMeasures(DrillEvidence evidence, DrillLedger ledger, HaConfig config)
{
    private const string Promised = "promised not to take over";

    private readonly StoryTimes _times = new(config);

    private string Host => evidence.Host;

    private string Survivor => evidence.Survivor;

    public ImmutableArray<DrillFigure> Figures() => evidence.Kind switch
    {
        DrillKind.Handover => Handover(),
        DrillKind.Fence => [Fence(), Word(), Whole(), .. Takeover(), Rejoined()],
        _ => [Noticed(), BySilence(), .. ledger.First(Host, HaEventId.FenceVerified) is null ? ImmutableArray<DrillFigure>.Empty : [Fence()], .. Takeover(), Rejoined()],
    };

    /// <summary>What happened and should not have, as sentences with their host.</summary>
    public ImmutableArray<string> Troubles()
    {
        HaEventId[] always = [HaEventId.FenceReset, HaEventId.TakeoverAbandoned, HaEventId.VmStartFailed, HaEventId.VmGivenUp, HaEventId.Conflict];
        HaEventId[] never = evidence.Kind == DrillKind.Handover ? [.. always, HaEventId.FenceDecided, HaEventId.TakeoverDecided, HaEventId.VmStartOrdered] : always;
        return
        [
            .. ledger.Events.Where(one => never.Contains((HaEventId)one.Line.Id) || one.Line.Sentence.Contains("the maintenance is given up", StringComparison.Ordinal))
                .Select(one => $"{one.Host}: {one.Line.Sentence}"),
        ];
    }

    private ImmutableArray<DrillFigure> Handover()
    {
        var promised = ledger.First(Host, HaEventId.StateChanged, "-> Maintenance");
        var (left, came) = (ledger.First(Host, HaEventId.ToolstackChanged, "is now slave"), ledger.First(Survivor, HaEventId.ToolstackChanged, "is now master"));
        var back = ledger.First(Host, HaEventId.StateChanged, "-> Paired");
        var figures = ImmutableArray.CreateBuilder<DrillFigure>();
        figures.Add(Figure("emptied", $"from the order until {Host} was empty, no master and under its promise", DrillLedger.Since(evidence.BeginMs, promised), null, Host));
        if (left is not null)
        {
            figures.Add(Figure("mastership", "between the two toolstacks: from the first one that changed its role to the second", Apart(left, came), null, Survivor));
        }

        figures.Add(Figure("promise", $"from the promise until {Survivor} had it on its disk", DrillLedger.Between(promised, ledger.First(Survivor, HaEventId.Handshake, Promised)),
            Heartbeat, Survivor));
        figures.Add(Figure("not covered", $"from the promise until {Host} was paired again: a failure of {Survivor} was not covered", DrillLedger.Between(promised, back), null, Host));
        figures.Add(Figure("home", "from the order until the maintenance was over, VMs back or named", DrillLedger.Since(evidence.BeginMs, ledger.Last(Host, HaEventId.Maintenance, "the maintenance is over")), null, Host));
        return figures.ToImmutable();
    }

    private double Heartbeat => config.Timing.HeartbeatInterval.TotalSeconds;

    /// <summary>What a measured time may be longer, seconds: the loop may be late by its limit, which is what the margins are for, and the clocks are only so exact.</summary>
    private double Tolerance => config.Timing.LatenessLimit.TotalSeconds + ledger.ClockError;

    /// <summary>K: the daemon's own monotonic measure where its sentence has it.</summary>
    private DrillFigure Fence()
    {
        var verified = ledger.First(Host, HaEventId.FenceVerified);
        var seconds = (verified is null ? null : KillBoundAdvice.Seconds(verified.Line)) ?? DrillLedger.Between(ledger.First(Host, HaEventId.FenceDecided), verified);
        return Figure("fence", $"K: from the decision until nothing was left on {Host}, verified", seconds, config.Timing.KillBound.TotalSeconds, Host, tolerance: 0);
    }

    private DrillFigure Word() => Figure("attested handover", $"from the verified fence until {Survivor} took over by that word (T1)",
        DrillLedger.Between(ledger.First(Host, HaEventId.FenceVerified), TakeoverEvent), Heartbeat, Survivor) with { Note = NothingToStart };

    private DrillFigure Whole() => Figure("fence and handover", $"from the decision until {Survivor} took over",
        DrillLedger.Between(ledger.First(Host, HaEventId.FenceDecided), TakeoverEvent), config.Timing.KillBound.TotalSeconds + Heartbeat, Survivor) with { Note = NothingToStart };

    private string NothingToStart => TakeoverEvent is null && ledger.Has(Survivor) && ledger.Has(Host) ? $"{Survivor} had nothing to take over" : Missing(Survivor);

    private DrillFigure Noticed() => Figure("detection", $"from the last heartbeat until {Survivor} suspected",
        DrillLedger.Since(evidence.BeginMs, ledger.First(Survivor, HaEventId.StateChanged, "-> Suspecting")),
        evidence.BeginIsReckoned ? null : config.Timing.Lease.TotalSeconds, Survivor);

    private DrillFigure BySilence()
    {
        var promoted = IsPromotion;
        var permit = SilencePermit.Of(config);
        var attested = TakeoverEvent?.Line.Sentence.Contains("T1: ", StringComparison.Ordinal) == true;
        var limit = attested ? _times.Heard(_times.YieldEnd.Plus(TimeSpan.Zero, config.Timing.KillBound)) : promoted ? permit.OfMaster : permit.OfSlave;
        return Figure("takeover", $"from the last heartbeat until {Survivor} took over", DrillLedger.Since(evidence.BeginMs, TakeoverEvent),
            limit.To.TotalSeconds, Survivor);
    }

    private IEnumerable<DrillFigure> Takeover()
    {
        if (TakeoverEvent is not { } begun)
        {
            yield break;
        }

        if (IsPromotion)
        {
            yield return Figure("promotion", $"from the takeover until {Survivor} was master and could start VMs",
                DrillLedger.Between(begun, ledger.First(Survivor, HaEventId.TakeoverStep, "StartVms")), null, Survivor) with { Note = "typically 25 to 100 s" };
        }

        var starts = ledger.Events.Count(one => one.Host == Survivor && one.Line.Id == (int)HaEventId.VmStarted);
        if (starts > 0)
        {
            yield return Figure("first VM", "from the takeover until the first VM ran again", DrillLedger.Between(begun, ledger.First(Survivor, HaEventId.VmStarted)), null, Survivor);
        }

        yield return Figure("all VMs", string.Create(CultureInfo.InvariantCulture, $"from the takeover until it was done, {starts} VMs started"),
            DrillLedger.Between(begun, ledger.First(Survivor, HaEventId.TakeoverDone)), null, Survivor);
    }

    private DrillFigure Rejoined()
    {
        var (here, there) = (ledger.Last(Host, HaEventId.StateChanged, "-> Paired"), ledger.Last(Survivor, HaEventId.StateChanged, "-> Paired"));
        var later = here is null || (there is not null && there.UnixMs > here.UnixMs) ? there : here;
        return Figure("rejoined", "from the beginning until both hosts were paired again", DrillLedger.Since(evidence.BeginMs, later), null, Host);
    }

    private IncidentEvent? TakeoverEvent => ledger.First(Survivor, HaEventId.TakeoverDecided);

    private bool IsPromotion => ledger.First(Survivor, HaEventId.TakeoverStep, "Promote") is not null;

    private static double? Apart(IncidentEvent one, IncidentEvent? other) => other is null ? null : Math.Abs(other.UnixMs - one.UnixMs) / 1000.0;

    private DrillFigure Figure(string name, string what, double? seconds, double? limit, string source, double? tolerance = null)
    {
        var most = limit + (tolerance ?? Tolerance);
        return new DrillFigure(name, what, seconds, limit, seconds is null ? DrillGrade.NotMeasured : limit is null ? DrillGrade.Typical : seconds <= most ? DrillGrade.Ok : DrillGrade.Slow)
        {
            Note = seconds is null ? Missing(source) : seconds > limit && seconds <= most
                ? string.Create(CultureInfo.InvariantCulture, $"within the {Tolerance:0.00} s by which the loop may be late and the clocks wrong") : "",
        };
    }

    private string Missing(string source) => ledger.Has(source) ? "" : $"the journal of {source} could not be read";
}
