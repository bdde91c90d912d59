using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>What a drill has shown, or a real failure: measured times beside those of this configuration. Pure.</summary>
public sealed record DrillCertificate
{
    /// <summary>What was judged.</summary>
    public required DrillEvidence Evidence { get; init; }

    /// <summary>Measured times, in the order in which they passed.</summary>
    public required ImmutableArray<DrillFigure> Figures { get; init; }

    /// <summary>What went wrong, as sentences.</summary>
    public required ImmutableArray<string> Troubles { get; init; }

    /// <summary>The verdict on K, by every fence that the journals keep.</summary>
    public required CheckItem KillBound { get; init; }

    /// <summary>What a shorter K would gain; empty when nothing, or nothing that was measured now says so.</summary>
    public string Shorter { get; init; } = "";

    /// <summary>What the certificate does not show.</summary>
    public required ImmutableArray<string> Caveats { get; init; }

    /// <summary>All that was measured is within what the timeline says, nothing went wrong, and what the drill is for was measured.</summary>
    public bool Passed => Troubles.IsEmpty && !Figures.Any(figure => figure.Grade == DrillGrade.Slow) && Unmeasured.IsEmpty;

    /// <summary>What the drill is for and what it could not measure.</summary>
    public ImmutableArray<DrillFigure> Unmeasured => [.. Figures.Where(figure => figure.Grade == DrillGrade.NotMeasured)];

    /// <summary>The first line.</summary>
    public string Verdict => Troubles.Length > 0 ? $"DRILL FAILED: {Troubles[0]}"
        : Figures.FirstOrDefault(figure => figure.Grade == DrillGrade.Slow) is { } slow ? $"DRILL FAILED: {slow.Name} took {Text(slow.Seconds!.Value)}, {Text(slow.LimitSeconds!.Value)} at most by the timeline"
        : Unmeasured.Length > 0 ? $"DRILL INCOMPLETE: not measured: {string.Join(", ", Unmeasured.Select(figure => figure.Name))}"
        : $"DRILL PASSED: {Result()}";

    /// <summary>Judges what the journals say.</summary>
    /// <param name="evidence">The drill and the journals.</param>
    /// <param name="config">The configuration of the pair.</param>
    /// <param name="seen">What whoever watched saw go wrong, as sentences.</param>
    public static DrillCertificate Of(DrillEvidence evidence, HaConfig config, ImmutableArray<string> seen)
    {
        var ledger = new DrillLedger(evidence);
        var measures = new DrillMeasures(evidence, ledger, config);
        var figures = measures.Figures();
        var fence = figures.FirstOrDefault(figure => figure.Name == "fence")?.Seconds;
        var verdict = KillBoundAdvice.Of(config, evidence.Journals.SelectMany(journal => journal.Lines));
        return new DrillCertificate
        {
            Evidence = evidence,
            Figures = figures,
            Troubles = [.. seen, .. measures.Troubles()],
            KillBound = verdict,
            Shorter = fence is { } took && verdict.Grade == CheckGrade.Ok ? KillBoundAdvice.Shorter(config, took) : "",
            Caveats = CaveatsOf(evidence, ledger),
        };
    }

    private static ImmutableArray<string> CaveatsOf(DrillEvidence evidence, DrillLedger ledger)
    {
        var caveats = ImmutableArray.CreateBuilder<string>();
        if (evidence.BeginIsReckoned)
        {
            caveats.Add("nobody watched: the last heartbeat is reckoned from the end of the lease, so the detection itself is not judged");
        }

        if (ledger.ClockError > 0)
        {
            caveats.Add(string.Create(CultureInfo.InvariantCulture, $"times from one host to the other are exact to ±{ledger.ClockError:0.00} s, what the two clocks leave open"));
        }

        caveats.Add(evidence.Kind switch
        {
            DrillKind.Handover => "no VM was stopped: neither a fence nor a failover was drilled",
            DrillKind.Fence => "the host said that it was empty: a takeover from a silent host takes longer, see ha-ctl timeline",
            _ => "VMs are started one after the other in their order: more of them take longer than these did",
        });
        return caveats.ToImmutable();
    }

    private string Result()
    {
        var (host, other) = (Evidence.Host, Evidence.Survivor);
        return Evidence.Kind switch
        {
            DrillKind.Handover => $"{host} was emptied in {Of("emptied")} and is back; no VM stopped.",
            DrillKind.Fence => $"{host} had fenced in {Of("fence")}, {other} took over {Of("attested handover")} later.",
            _ => $"{other} took over {Of("takeover")} after the last heartbeat of {host}; all was done {Of("all VMs")} later.",
        };

        string Of(string name) => Figures.First(figure => figure.Name == name).Seconds is { } seconds ? Text(seconds) : "?";
    }

    private static string Text(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s");
}
