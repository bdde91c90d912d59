using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Core.Advice;

/// <summary>The checks that rest on what the daemon says.</summary>
internal static class StatusChecks
{
    // The longest lease of a profile, for a file that cannot be read just now.
    private const double LinkSilentSeconds = 10;

    /// <param name="items">Where the checks go.</param>
    /// <param name="status">The daemon's status.</param>
    /// <param name="config">The configuration file as it is now; null when it has errors.</param>
    public static void Add(ImmutableArray<CheckItem>.Builder items, StatusReport status, HaConfig? config)
    {
        var verdict = Verdict.Of(status);
        items.Add(new CheckItem("daemon", CheckGrade.Ok, $"answers: {status.State}, {status.Why}"));
        items.Add(Switch(status));
        items.Add(new CheckItem("daemon's watchdog", CheckGrade.Ok, status.Watchdog));
        items.Add(Pool(status));
        items.Add(Peer(status));
        foreach (var link in status.Links)
        {
            items.Add(Link(link, status.Enabled, config?.Timing.Lease.TotalSeconds ?? LinkSilentSeconds));
        }

        foreach (var third in status.ThirdParties.IsDefault ? [] : status.ThirdParties)
        {
            items.Add(Third(third));
        }

        // The daemon alone sees the pool's database: native HA, number of hosts, agility come as its sentences.
        foreach (var finding in status.Findings)
        {
            if (status.Enabled || finding != Advices.Disabled)
            {
                items.Add(new CheckItem("daemon's finding", CheckGrade.Warning, finding, Advices.Of(finding, status)));
            }
        }

        foreach (var warning in status.Warnings.IsDefault ? [] : status.Warnings)
        {
            items.Add(new CheckItem("daemon's warning", CheckGrade.Warning, warning, Advices.Of(warning, status)));
        }

        AddOutlooks(items, status);
        items.Add(Protection(status, verdict));
    }

    /// <summary>What is not covered is a finding already.</summary>
    private static void AddOutlooks(ImmutableArray<CheckItem>.Builder items, StatusReport status)
    {
        foreach (var outlook in status.Outlooks.IsDefault ? [] : status.Outlooks)
        {
            if (outlook.Covered)
            {
                items.Add(new CheckItem("failure of " + outlook.Fails, CheckGrade.Ok, outlook.LastSeconds is { } last
                    ? string.Create(CultureInfo.InvariantCulture, $"{outlook.Starts.Length} VMs would run on {outlook.Survivor} within about {last:F0} s")
                    : $"nothing would have to be started on {outlook.Survivor}"));
            }
        }
    }

    private static CheckItem Switch(StatusReport status) => status switch
    {
        { Enabled: true, SwitchConfirmed: false } => new CheckItem("switch", CheckGrade.Warning, "HA is " + status.Switch,
            $"Wait; if it lasts, look at {status.PeerHost}."),
        { Enabled: true } => new CheckItem("switch", CheckGrade.Ok, "HA is " + status.Switch),
        // What the admin decided is no finding: 'ha-ctl check && ha-ctl enable' is the way to switch it on.
        _ => new CheckItem("switch", CheckGrade.Note, "HA is " + status.Switch, "Run: ha-ctl enable, when nothing else is found."),
    };

    private static CheckItem Protection(StatusReport status, Verdict verdict)
    {
        if (verdict.Covered)
        {
            return new CheckItem("protection", CheckGrade.Ok, "a failure of either host is covered now");
        }

        return status.Enabled
            ? new CheckItem("protection", CheckGrade.Problem, $"a failure is not covered now: {verdict.Remarks[0].Sentence}",
                verdict.Remarks[0].Advice)
            : new CheckItem("protection", CheckGrade.Note, "nothing is covered while HA is disabled");
    }

    private static CheckItem Pool(StatusReport status)
    {
        var known = status.Role is "master" or "slave";
        var words = $"toolstack {status.Toolstack}, role {status.Role}";
        if (!known)
        {
            return new CheckItem("pool", CheckGrade.Unknown, words + ": the pool could not be read");
        }

        return status.Findings.IsEmpty || !status.Enabled
            ? new CheckItem("pool", CheckGrade.Ok, words + "; the daemon objects neither to the pool nor to native HA")
            : new CheckItem("pool", CheckGrade.Warning, words, "Read the daemon's findings.");
    }

    private static CheckItem Peer(StatusReport status)
    {
        if (status.Peer is not { } peer)
        {
            if (Advices.OtherSetup(status) is { } other)
            {
                return new CheckItem("peer", CheckGrade.Problem, other, Advices.Of(other, status));
            }

            return new CheckItem(
                "peer", CheckGrade.Problem, $"{status.PeerHost} was never heard", "Check its daemon, the key file "
                    + "and UDP between the hosts.");
        }

        if (!peer.ConfigAgrees)
        {
            return new CheckItem(
                "peer",
                CheckGrade.Problem,
                $"{status.PeerHost} has another configuration{(peer.ConfigDiffers.IsDefaultOrEmpty ? "" : " in " + string.Join(", ", peer.ConfigDiffers))}: HA does not arm",
                Advices.SameConfiguration);
        }

        if (Verdict.IsStale(peer))
        {
            return new CheckItem("peer", CheckGrade.Problem, $"{status.PeerHost} is not heard any more; it was {peer.State}",
                Advices.Unheard(status.PeerHost));
        }

        if (!status.Enabled)
        {
            return new CheckItem("peer", CheckGrade.Ok, $"{status.PeerHost} is heard and {peer.State}; the configuration agrees");
        }

        return new CheckItem(
            "peer",
            peer.Fit && peer.Bound ? CheckGrade.Ok : CheckGrade.Warning,
            $"{status.PeerHost} is {peer.State}, {(peer.Fit ? "could take over" : "could not take over")}, "
            + $"{(peer.Bound ? "bound" : "not bound")}; the configuration agrees",
            peer.Fit && peer.Bound ? "" : $"Run ha-ctl check on {status.PeerHost}.");
    }

    private static CheckItem Third(ThirdPartyStatus third)
    {
        var seen = third.WorkedAgeSeconds is { } age ? $"last seen working {age.ToString("0", CultureInfo.InvariantCulture)} s ago" : "not seen working since the daemon started";
        return third.Works switch
        {
            true => new CheckItem("third party " + third.Name, CheckGrade.Ok, $"{third.Detail}; {seen}"),
            false => new CheckItem("third party " + third.Name, CheckGrade.Problem, $"{third.Detail}; {seen}", "While it does not work, a takeover by silence may have to wait for a person."),
            null => new CheckItem("third party " + third.Name, CheckGrade.Unknown, third.Detail, "Run ha-ctl check again in a minute."),
        };
    }

    private static CheckItem Link(LinkStatus link, bool enabled, double silentSeconds)
    {
        var name = "link " + link.Name;
        if (link.Trouble is not null)
        {
            return new CheckItem(name, CheckGrade.Warning, $"{link.Trouble} ({link.Endpoints})", "Look at the storage behind it and the path to it.");
        }

        if (link.HeardAgeSeconds is not { } age)
        {
            return new CheckItem(name, CheckGrade.Warning, $"never heard ({link.Endpoints})", Advices.Link);
        }

        var heard = $"heard {age.ToString("0.0", CultureInfo.InvariantCulture)} s ago ({link.Endpoints})";
        return age <= silentSeconds
            ? new CheckItem(name, CheckGrade.Ok, heard)
            : new CheckItem(name, enabled ? CheckGrade.Problem : CheckGrade.Warning,
                $"silent: {heard}; until it is back, the remaining links determine the class", Advices.Link);
    }
}
