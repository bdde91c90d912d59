using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Core.Advice;

/// <summary>The checks that rest on what the daemon says.</summary>
internal static class StatusChecks
{
    public static void Add(ImmutableArray<CheckItem>.Builder items, StatusReport status)
    {
        items.Add(new CheckItem("daemon", CheckGrade.Ok, $"answers: {status.State}, {status.Why}"));
        items.Add(status.Enabled
            ? new CheckItem("switch", CheckGrade.Ok, "HA is " + status.Switch)
            : new CheckItem("switch", CheckGrade.Warning, "HA is " + status.Switch, "Run ha-ctl enable when the "
                + "work is done."));
        items.Add(new CheckItem("daemon's watchdog", CheckGrade.Ok, status.Watchdog));
        items.Add(Pool(status));
        items.Add(Peer(status));
        foreach (var link in status.Links)
        {
            items.Add(Link(link));
        }

        // The daemon alone sees the pool's database: native HA, number of hosts, agility come as its sentences.
        foreach (var finding in status.Findings)
        {
            items.Add(new CheckItem("daemon's finding", CheckGrade.Warning, finding));
        }

        foreach (var warning in status.Warnings.IsDefault ? [] : status.Warnings)
        {
            items.Add(new CheckItem("daemon's warning", CheckGrade.Warning, warning));
        }

        items.Add(status.Protected
            ? new CheckItem("protection", CheckGrade.Ok, "a failure of either host is covered now")
            : new CheckItem("protection", CheckGrade.Problem, "a failure is not "
                + "covered now", "Clear the findings above."));
    }

    private static CheckItem Pool(StatusReport status)
    {
        var known = status.Role is "master" or "slave";
        var words = $"toolstack {status.Toolstack}, role {status.Role}";
        if (!known)
        {
            return new CheckItem("pool", CheckGrade.Unknown, words + ": the pool could not be read");
        }

        return status.Findings.IsEmpty
            ? new CheckItem("pool", CheckGrade.Ok, words + "; the daemon objects neither to the pool nor to native HA")
            : new CheckItem("pool", CheckGrade.Warning, words, "Read the daemon's findings.");
    }

    private static CheckItem Peer(StatusReport status)
    {
        if (status.Peer is not { } peer)
        {
            return new CheckItem(
                "peer", CheckGrade.Problem, $"{status.PeerHost} was never heard", "Check its daemon, the key file "
                    + "and UDP between the hosts.");
        }

        if (!peer.ConfigAgrees)
        {
            return new CheckItem(
                "peer",
                CheckGrade.Problem,
                $"{status.PeerHost} has another configuration: HA does not arm",
                "Copy one ha.conf to both hosts and restart the daemons, one after the other.");
        }

        return new CheckItem(
            "peer",
            peer.Fit && peer.Bound ? CheckGrade.Ok : CheckGrade.Warning,
            $"{status.PeerHost} is {peer.State}, {(peer.Fit ? "could take over" : "could not take over")}, "
            + $"{(peer.Bound ? "bound" : "not bound")}; the configuration agrees");
    }

    private static CheckItem Link(LinkStatus link) => link.Trouble is not null
        ? new CheckItem(
            "link " + link.Name, CheckGrade.Warning, $"{link.Trouble} ({link.Endpoints})", "Look at the storage "
                + "behind it and the path to it.")
        : link.HeardAgeSeconds is { } age
        ? new CheckItem(
            "link " + link.Name,
            CheckGrade.Ok,
            $"heard {age.ToString("0.0", CultureInfo.InvariantCulture)} s ago ({link.Endpoints})")
        : new CheckItem(
            "link " + link.Name, CheckGrade.Warning, $"never heard ({link.Endpoints})", "Check cable, addresses and "
                + "firewall for UDP.");
}
