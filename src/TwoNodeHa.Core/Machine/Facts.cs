using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>Takes plain facts in. No rule is evaluated here.</summary>
internal static class Facts
{
    /// <summary>Between two events about a late loop: a starved host has enough to do.</summary>
    private static readonly TimeSpan LatenessSpacing = TimeSpan.FromMinutes(1);

    public static void Start(TurnBuilder turn, Observation.Started started)
    {
        if (turn.State.IsStarted)
        {
            throw new InvalidOperationException("a daemon starts once");
        }

        var durable = started.Durable with { Incarnation = started.Durable.Incarnation + 1 };

        if (started.Origin != DurableOrigin.Intact)
        {
            // Numbers must not fall back behind what the peer knows of a life before this one: the incarnation was seeded
            // from the wall clock, and the others count on from it.
            durable = durable with { Attestation = durable.Incarnation, Promise = durable.Incarnation, RecordYoung = true };
        }

        // Missing is a first start, unless a daemon of this very boot held a right: then the file was lost.
        var lost = started.Origin == DurableOrigin.Corrupt || (started.Origin == DurableOrigin.Missing && started.CarriedLease is not null);
        if (lost)
        {
            durable = durable with { StateLost = true, Committed = true };
        }

        // Another boot: the departure is over. In the same one a new daemon goes on with it.
        var departing = durable.Departing && started.CarriedLease is not null;
        durable = durable with { Departing = departing };
        turn.State = turn.State with
        {
            IsStarted = true,
            Departure = departing ? new DepartureProgress { Since = turn.Now } : null,
            StartedAt = turn.Now,
            StatusSince = turn.Now,
            Why = "started",
            Origin = started.Origin,
            Incarnation = new Incarnation(durable.Incarnation, started.Nonce),
            Durable = durable,
            Confirmed = started.Durable,
            CarriedLease = started.CarriedLease,
            Watchdog = started.Watchdog,

            // A lease on record means that a daemon of this boot armed the watchdog: it counts on, and must be fed or disarmed.
            WatchdogArmed = started.CarriedLease is not null && started.Watchdog.Present
                && turn.Config.Config.Watchdog.Kind != WatchdogKind.None,
        };
        turn.Report(HaEventId.Started, Severity.Notice, StartSentence(turn.Config, started));
        Takeovers.Unblock(turn);
        if (lost)
        {
            turn.Report(HaEventId.DurableTrouble, Severity.Critical,
                $"the durable state was {(started.Origin == DurableOrigin.Corrupt ? "torn or corrupt" : "lost while this host was up")}: this host counts as fenced, whatever it runs is destroyed, "
                + "and it starts nothing before the peer or the operator says so");
        }
    }

    public static void GatewayAnswered(TurnBuilder turn, Observation.GatewayAnswered answered)
    {
        var view = turn.State.Gateway;
        if (answered.Address < 0 || answered.Address >= view.Answered.Length || answered.SentAt > turn.Now
            || (view.Answered[answered.Address] is { } known && known >= answered.SentAt))
        {
            return;
        }

        var before = Knowledge.GatewayAnsweredAt(turn.Config, turn.State);
        view = view with { Answered = view.Answered.SetItem(answered.Address, answered.SentAt) };
        turn.State = turn.State with { Gateway = view };
        if (Knowledge.GatewayAnsweredAt(turn.Config, turn.State) is not { } newest || newest == before)
        {
            return;
        }

        // A gap that nobody looked at is a gap all the same: it is judged here, when the late answer arrives.
        var timeout = turn.Config.Config.Gateway.Timeout;
        var broken = before is not { } old || turn.Now >= old + timeout || view.FreshSince is null;
        var fresh = turn.Now < newest + timeout;
        turn.State = turn.State with
        {
            Gateway = view with
            {
                Unanswered = newest == view.LastRound ? 0 : Math.Min(view.Unanswered, 1),
                FreshSince = !fresh ? null : broken ? turn.Now : view.FreshSince,
            },
        };
        if (newest == view.LastRound)
        {
            // Answered: the next round is due after a full interval, not after the short wait for a missing answer.
            turn.State = turn.State with
            {
                Schedule = turn.State.Schedule with { Gateway = newest + turn.Config.Config.Gateway.ProbeInterval },
            };
        }

        if (broken && fresh)
        {
            turn.Report(HaEventId.GatewayChanged, Severity.Notice, "the gateway answers");
        }
    }

    public static void PeerAnswered(TurnBuilder turn, Observation.PeerAnswered answered)
    {
        if (answered.SentAt <= turn.Now && !(turn.State.Peer.SignOfLife >= answered.SentAt))
        {
            turn.State = turn.State with
            {
                Peer = turn.State.Peer with { SignOfLife = answered.SentAt, SignOfLifeKind = answered.Kind },
            };
        }
    }

    public static void DomainsListed(TurnBuilder turn, Observation.DomainsListed listed)
    {
        var schedule = turn.State.Schedule;
        if (listed.Id != schedule.DomainsPending)
        {
            return;
        }

        turn.State = turn.State with { Schedule = schedule with { DomainsPending = 0 } };
        if (listed.Facts is not { } facts)
        {
            if (listed.Trouble != turn.State.ListTrouble)
            {
                turn.Report(HaEventId.ActionTrouble, Severity.Error, $"the hypervisor's list could not be read: {listed.Trouble}");
            }

            turn.State = turn.State with { ListTrouble = listed.Trouble };
            return;
        }

        facts = DomainHandle.Match(
            facts, turn.State.Domains, vm => turn.Durable.Vms.Any(record => record.Uuid == vm), turn.Durable.Vms.Select(record => record.Uuid));
        turn.State = turn.State with { Domains = facts, DomainsAskedAt = schedule.DomainsAskedAt, ListTrouble = "" };
        VmBook.SeeDomains(turn);
    }

    public static void ToolstackObserved(TurnBuilder turn, Observation.ToolstackObserved observed)
    {
        if (observed.Id != turn.State.Schedule.ToolstackPending)
        {
            return;
        }

        var before = turn.State.Toolstack;
        turn.State = turn.State with
        {
            Schedule = turn.State.Schedule with { ToolstackPending = 0 },
            Toolstack = observed.Facts,
            ToolstackAt = turn.State.Schedule.ToolstackAskedAt,
        };
        RoleCare.Observed(turn, observed.Facts);
        var healthy = observed.Facts is { Running: true, Answers: true };
        var wasHealthy = before is { Running: true, Answers: true };
        if (before is not null && healthy != wasHealthy)
        {
            turn.Report(HaEventId.ToolstackChanged, healthy ? Severity.Notice : Severity.Warning,
                healthy ? "the toolstack answers again" : $"the toolstack does not answer: {observed.Facts.Trouble}");
        }

        if (observed.Facts.Running && turn.Durable.ToolstackOwed && turn.State.Role.Phase == 0 && turn.State.Status != HaStatus.Fencing)
        {
            turn.Durable = turn.Durable with { ToolstackOwed = false };
        }

        if (before is not null && observed.Facts.RoleFile != before.RoleFile)
        {
            turn.Report(HaEventId.ToolstackChanged, Severity.Notice,
                $"XAPI's role of this host is now {observed.Facts.RoleFile.ToString().ToLowerInvariant()}");
        }

        if (observed.Facts.Database is { } database)
        {
            var asked = turn.State.Schedule.ToolstackAskedAt;
            DatabaseObserved(turn, database);
            turn.State = turn.State with { DatabaseAt = asked };
        }
    }

    public static void DatabaseObserved(TurnBuilder turn, DatabaseFacts facts)
    {
        var nativeBefore = turn.State.Database?.NativeHaEnabled ?? false;
        turn.State = turn.State with { Database = facts, DatabaseAt = turn.Now };
        if (facts.NativeHaEnabled && !nativeBefore)
        {
            turn.Report(HaEventId.Alert, Severity.Critical,
                "the platform's own HA was switched on (pool.ha_enabled): this daemon takes nothing over while it is");
        }

        VmBook.SeeDatabase(turn, facts);
    }

    public static void StorageProbed(TurnBuilder turn, Observation.StorageProbed probed)
    {
        if (probed.Health != turn.State.Storage)
        {
            turn.State = turn.State with
            {
                Storage = probed.Health,
                StorageDetail = probed.Detail,
                StorageProven = turn.State.StorageProven || probed.Health == Health.Healthy,
                StorageRefusal = "",
            };
            turn.Report(
                HaEventId.StorageChanged,
                probed.Health switch
                {
                    Health.Lost => Severity.Critical,
                    Health.Doubtful => Severity.Warning,
                    _ => Severity.Notice,
                },
                $"the storage of the protected VMs is {probed.Health.ToString().ToLowerInvariant()}: {probed.Detail}");
        }
    }

    public static void Persisted(TurnBuilder turn, Observation.Persisted persisted)
    {
        if (persisted.Version != turn.State.Writing)
        {
            return;
        }

        if (persisted.Durable)
        {
            var recovered = turn.State.DiskTrouble.Length > 0;
            turn.State = turn.State with { Confirmed = turn.State.BeingWritten, Writing = 0, DiskTrouble = "" };
            if (recovered)
            {
                turn.Report(HaEventId.DurableTrouble, Severity.Notice, "the durable state can be written again");
            }

            return;
        }

        if (turn.State.DiskTrouble.Length == 0)
        {
            turn.Report(HaEventId.DurableTrouble, Severity.Critical,
                $"the durable state cannot be written ({persisted.Trouble}): no takeover and no attestation until it can");
        }

        turn.State = turn.State with
        {
            Writing = 0,
            DiskTrouble = persisted.Trouble.Length > 0 ? persisted.Trouble : "write failed",
            DiskRetryAt = turn.Now + TimeSpan.FromSeconds(1),
        };
    }

    /// <summary>An unsound watchdog takes the bond away (see <see cref="Knowledge.Armed"/>); it is fed all the same.</summary>
    public static void WatchdogChanged(TurnBuilder turn, Model.WatchdogFacts found)
    {
        var before = Knowledge.WatchdogTrouble(turn.Config, turn.State);
        turn.State = turn.State with { Watchdog = found };
        var after = Knowledge.WatchdogTrouble(turn.Config, turn.State);
        if (after is not null && after != before)
        {
            turn.Report(HaEventId.Alert, Severity.Critical,
                $"the watchdog cannot be counted on, so this host is not protected: {after}");
        }
        else if (after is null && before is not null)
        {
            turn.Report(HaEventId.Alert, Severity.Notice, $"the watchdog can be counted on again: {found.Description}");
        }
    }

    public static void LoopLate(TurnBuilder turn, Observation.LoopLate late)
    {
        var before = turn.State.Lateness;
        var view = before with
        {
            At = turn.Now,
            Count = before.Count + 1,
            Worst = Longer(before.Worst, late.Late),
            Unreported = before.Unreported + 1,
            UnreportedWorst = Longer(before.UnreportedWorst, late.Late),
        };
        if (before.ReportedAt is not { } last || turn.Now >= last + LatenessSpacing)
        {
            turn.Report(HaEventId.LoopLate, Severity.Warning, string.Create(CultureInfo.InvariantCulture,
                $"the loop was {view.UnreportedWorst.TotalMilliseconds:F0} ms late, limit "
                + $"{turn.Timing.LatenessLimit.TotalMilliseconds:F0} ms: this host is starved or was stopped"
                + $"{(view.Unreported > 1 ? $" ({view.Unreported} times since the last such line)" : "")}"));
            view = view with { ReportedAt = turn.Now, Unreported = 0, UnreportedWorst = TimeSpan.Zero };
        }

        turn.State = turn.State with { Lateness = view };
    }

    public static void ActionFinished(TurnBuilder turn, Observation.ActionFinished finished)
    {
        if (finished.Id == turn.State.AgentPending)
        {
            turn.State = turn.State with { AgentPending = 0 };
            return;
        }

        _ = Fencing.Finished(turn, finished) || BootGuard.Finished(turn, finished) || Departures.Finished(turn, finished) || RoleCare.Finished(turn, finished)
            || Takeovers.Finished(turn, finished) || VmStarts.Finished(turn, finished);
    }

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left >= right ? left : right;

    private static string StartSentence(LocalConfig config, Observation.Started started)
    {
        var origin = started.Origin switch
        {
            DurableOrigin.Missing => "no durable state: a first start",
            DurableOrigin.Corrupt => "the durable state is corrupt",
            _ => $"epoch {started.Durable.Epoch}, HA {(started.Durable.Enabled ? "enabled" : "disabled")}",
        };
        return $"daemon of {config.Self.Name} started ({origin}); watchdog: {started.Watchdog.Description}";
    }
}
