using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Operator;

/// <summary>What a message of XAPI is about.</summary>
public enum MessageObject
{
    /// <summary>The pool.</summary>
    Pool,

    /// <summary>A host.</summary>
    Host,

    /// <summary>A VM.</summary>
    Vm,
}

/// <summary>
/// An alert as management tools show it (xapi.md 10). Names that XAPI has itself are used where they mean the same, since tools translate
/// them; the others begin with TWONODEHA, and tools show the body. A name has one priority, as in XAPI.
/// </summary>
/// <param name="Name">Name, what programs match.</param>
/// <param name="Priority">1 data may be lost, 2 a service is lost, 3 degraded, 4 recovered, 5 information. Mail goes out up to 3.</param>
/// <param name="On">What it is about.</param>
/// <param name="Uuid">Uuid of that; empty for the pool.</param>
/// <param name="Body">The sentence.</param>
public sealed record XapiMessage(string Name, int Priority, MessageObject On, Guid Uuid, string Body)
{
    /// <summary>It tells that a trouble is over: of interest where the trouble was told. Empty for all others.</summary>
    public string Ends { get; init; } = "";

    private const string Holding = "-> " + nameof(HaStatus.Holding);

    /// <summary>The first row of an event's id and gravity is its message.</summary>
    private static readonly Row[] s_rows =
    [
        new(HaEventId.FenceDecided, Severity.Debug, "HA_HOST_WAS_FENCED", 4, Whom.Self),
        new(HaEventId.FenceReset, Severity.Debug, "TWONODEHA_HOST_RESET", 2, Whom.Self),
        new(HaEventId.TakeoverDecided, Severity.Debug, "HA_HOST_FAILED", 3, Whom.Peer),
        new(HaEventId.TakeoverDone, Severity.Error, "TWONODEHA_TAKEOVER_INCOMPLETE", 2, Whom.Pool),
        new(HaEventId.TakeoverDone, Severity.Debug, "TWONODEHA_TAKEOVER_DONE", 4, Whom.Pool),
        new(HaEventId.TakeoverAbandoned, Severity.Debug, "TWONODEHA_TAKEOVER_ABANDONED", 2, Whom.Pool),
        new(HaEventId.TakeoverRefused, Severity.Error, "TWONODEHA_TAKEOVER_REFUSED", 2, Whom.Pool),
        new(HaEventId.VmGivenUp, Severity.Error, "HA_PROTECTED_VM_RESTART_FAILED", 2, Whom.Vm),
        new(HaEventId.DurableTrouble, Severity.Error, "TWONODEHA_STATE_DISK", 2, Whom.Self),
        new(HaEventId.StateChanged, Severity.Debug, "TWONODEHA_HOLDING", 2, Whom.Pool) { Says = Holding },
        new(HaEventId.Conflict, Severity.Error, "TWONODEHA_CONFLICT", 1, Whom.Pool),
        new(HaEventId.Alert, Severity.Error, "TWONODEHA_ALERT", 2, Whom.Pool),
        new(HaEventId.Maintenance, Severity.Error, "TWONODEHA_MAINTENANCE_GIVEN_UP", 3, Whom.Self),

        // What begins and ends: the end is told where the beginning was.
        new(HaEventId.CoverageChanged, Severity.Warning, "TWONODEHA_NOT_COVERED", 3, Whom.Pool),
        new(HaEventId.CoverageChanged, Severity.Debug, "TWONODEHA_COVERED_AGAIN", 4, Whom.Pool) { Ends = "TWONODEHA_NOT_COVERED" },
        new(HaEventId.LinkChanged, Severity.Warning, "TWONODEHA_LINK_SILENT", 3, Whom.Pool),
        new(HaEventId.LinkChanged, Severity.Debug, "TWONODEHA_LINK_HEARD_AGAIN", 4, Whom.Pool) { Ends = "TWONODEHA_LINK_SILENT" },
        new(HaEventId.SetupDiffers, Severity.Warning, "TWONODEHA_SETUP_DIFFERS", 3, Whom.Pool),
        new(HaEventId.SetupDiffers, Severity.Debug, "TWONODEHA_SETUP_AGREES", 4, Whom.Pool) { Ends = "TWONODEHA_SETUP_DIFFERS" },
        new(HaEventId.ThirdPartyChanged, Severity.Warning, "TWONODEHA_THIRD_PARTY_FAILED", 3, Whom.Self),
        new(HaEventId.ThirdPartyChanged, Severity.Debug, "TWONODEHA_THIRD_PARTY_WORKS", 4, Whom.Self) { Ends = "TWONODEHA_THIRD_PARTY_FAILED" },
        new(HaEventId.StorageChanged, Severity.Warning, "TWONODEHA_STORAGE_LOST", 2, Whom.Self),
        new(HaEventId.StorageChanged, Severity.Debug, "TWONODEHA_STORAGE_BACK", 4, Whom.Self) { Ends = "TWONODEHA_STORAGE_LOST" },
    ];

    private enum Whom
    {
        Pool,
        Self,
        Peer,
        Vm,
    }

    /// <summary>Every name with its priority, for the documentation's test.</summary>
    public static IEnumerable<(string Name, int Priority)> Names => s_rows.Select(row => (row.Name, row.Priority)).Distinct();

    /// <summary>The message of an event; null when the event is not of that gravity.</summary>
    public static XapiMessage? Of(HaEvent entry, LocalConfig config)
    {
        foreach (var row in s_rows)
        {
            if (row.Id == entry.Id && entry.Severity <= row.AtLeast && entry.Sentence.Contains(row.Says, StringComparison.Ordinal))
            {
                var (on, uuid) = row.On switch
                {
                    Whom.Self => (MessageObject.Host, config.Self.Uuid),
                    Whom.Peer => (MessageObject.Host, config.Peer.Uuid),
                    Whom.Vm when entry.Vm != Guid.Empty => (MessageObject.Vm, entry.Vm),
                    _ => (MessageObject.Pool, Guid.Empty),
                };
                return new XapiMessage(row.Name, row.Priority, on, uuid, entry.Sentence) { Ends = row.Ends };
            }
        }

        return null;
    }

    private sealed record Row(HaEventId Id, Severity AtLeast, string Name, int Priority, Whom On)
    {
        public string Says { get; init; } = "";

        public string Ends { get; init; } = "";
    }
}
