using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Advice;

/// <summary>Something in a status that a person should know, with what to do about it.</summary>
/// <param name="IsProblem">It keeps a failure from being covered; else it is to be looked at.</param>
/// <param name="Sentence">What is, without a full stop.</param>
/// <param name="Advice">What to do; empty when nothing.</param>
public sealed record StatusRemark(bool IsProblem, string Sentence, string Advice);

/// <summary>What a status means for an admin: is either host covered, why not, what is to be done. Pure.</summary>
/// <param name="Covered">Either host may fail now.</param>
/// <param name="Remarks">Problems first, then the rest; the first problem is the reason when not covered.</param>
public sealed record Verdict(bool Covered, ImmutableArray<StatusRemark> Remarks)
{
    /// <summary>Names of down VMs that fit into a sentence.</summary>
    private const int NamesMax = 3;

    /// <summary>A peer not heard for longer is shown as stale, whatever the lease is.</summary>
    private const double StaleSeconds = 10;

    /// <summary>Judges a status.</summary>
    public static Verdict Of(StatusReport status)
    {
        var remarks = ImmutableArray.CreateBuilder<StatusRemark>();
        AddSwitch(remarks, status);
        AddFindings(remarks, status);
        AddVms(remarks, status);
        AddPeer(remarks, status);
        AddLinks(remarks, status);
        foreach (var warning in (status.Warnings.IsDefault ? [] : status.Warnings).Where(warning => !remarks.Any(known => known.Sentence == warning)))
        {
            remarks.Add(new StatusRemark(false, warning, Advices.Of(warning, status)));
        }

        var covered = status.Protected && !remarks.Any(remark => remark.IsProblem);
        if (!covered && !remarks.Any(remark => remark.IsProblem))
        {
            remarks.Insert(0, new StatusRemark(true, $"{status.Host} is {status.State}: {status.Why}", Advices.OfState(status)));
        }

        return new Verdict(covered, [.. remarks.OrderBy(remark => remark.IsProblem ? 0 : 1)]);
    }

    /// <summary>Protected VMs that are to run and run on no host.</summary>
    public static ImmutableArray<VmStatus> Down(ImmutableArray<VmStatus> vms) =>
        vms.IsDefault ? [] : [.. vms.Where(vm => vm is { Protected: true, Wanted: true, On: "" })];

    /// <summary>The sentence about them; null when there are none.</summary>
    public static string? DownSentence(ImmutableArray<VmStatus> vms)
    {
        var down = Down(vms);
        var names = string.Join(", ", down.Take(NamesMax).Select(vm => vm.Name)) + (down.Length > NamesMax ? ", …" : "");
        return down.Length switch
        {
            0 => null,
            1 => $"the protected VM {names} runs nowhere",
            _ => string.Create(CultureInfo.InvariantCulture, $"{down.Length} protected VMs run nowhere: {names}"),
        };
    }

    /// <summary>The peer was heard, but not lately: what it said is history.</summary>
    public static bool IsStale(PeerStatus peer) => !(peer.HeardAgeSeconds <= StaleSeconds);

    private static void AddSwitch(ImmutableArray<StatusRemark>.Builder remarks, StatusReport status)
    {
        if (status.Enabled)
        {
            return;
        }

        var reason = status.DisabledReason.Length > 0 ? $" ({status.DisabledReason})" : "";
        var again = status.ReenableAtUnixMs > 0
            ? string.Create(CultureInfo.InvariantCulture,
                $" until {DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(status.ReenableAtUnixMs, 0, 253402300799999)):yyyy-MM-dd HH:mm}Z") : "";
        remarks.Add(new StatusRemark(true, $"HA is {status.Switch}{reason}{again}",
            again.Length > 0 ? "Nothing: it is enabled again by itself. To enable it sooner: ha-ctl enable." : "Run: ha-ctl enable."));
    }

    private static void AddFindings(ImmutableArray<StatusRemark>.Builder remarks, StatusReport status)
    {
        foreach (var finding in status.Findings.IsDefault ? [] : status.Findings)
        {
            if (status.Enabled || finding != Advices.Disabled)
            {
                remarks.Add(new StatusRemark(true, finding, Advices.Of(finding, status)));
            }
        }
    }

    private static void AddVms(ImmutableArray<StatusRemark>.Builder remarks, StatusReport status)
    {
        // The daemon says it itself; one of another version may not.
        if (status.Enabled && DownSentence(status.Vms) is { } sentence && !status.Findings.Contains(sentence))
        {
            remarks.Add(new StatusRemark(true, sentence, Advices.Of(sentence, status)));
        }
    }

    private static void AddPeer(ImmutableArray<StatusRemark>.Builder remarks, StatusReport status)
    {
        if ((status.Peer is null || IsStale(status.Peer)) && Advices.OtherSetup(status) is { } other)
        {
            remarks.Add(new StatusRemark(true, other, Advices.Of(other, status)));
        }
        else if (status.Peer is null)
        {
            remarks.Add(new StatusRemark(true, $"{status.PeerHost} was never heard", Advices.Unheard(status.PeerHost)));
        }
        else if (IsStale(status.Peer))
        {
            remarks.Add(new StatusRemark(true, $"{status.PeerHost} is not heard; what is shown of it is old", Advices.Unheard(status.PeerHost)));
        }
        else if (!status.Peer.ConfigAgrees && !status.Findings.Any(finding => finding.StartsWith("the configuration of", StringComparison.Ordinal)))
        {
            remarks.Add(new StatusRemark(true, $"the configuration of {status.PeerHost} differs", Advices.SameConfiguration));
        }
    }

    private static void AddLinks(ImmutableArray<StatusRemark>.Builder remarks, StatusReport status)
    {
        foreach (var link in status.Links)
        {
            if (link.Trouble is { } trouble)
            {
                remarks.Add(new StatusRemark(false, $"link {link.Name}: {trouble}", "Look at the storage behind it and the path to it."));
            }
            else if (!(link.HeardAgeSeconds <= StaleSeconds) && status.Links.Length > 1
                && !status.Findings.Contains($"link {link.Name} is silent"))
            {
                remarks.Add(new StatusRemark(false, $"link {link.Name} is silent", Advices.Link));
            }
        }
    }
}

/// <summary>What to do about the daemon's own sentences.</summary>
internal static class Advices
{
    public const string Disabled = "HA is disabled";
    public const string NoMaster = "neither host is master: both toolstacks are slaves";
    public const string NameMaster = "On the host that shall lead: xe pool-emergency-transition-to-master, then xe pool-recover-slaves.";
    public const string SameConfiguration = "See which keys: ha-ctl config diff. Copy one ha.conf to both hosts and restart the daemons, one after the other.";
    public const string SameKey = "Copy one key file to both hosts (mode 0600) and restart the daemons, one after the other.";
    public const string SameVersion = "Install the same package on both hosts.";
    public const string Link = "Check its cable, its addresses and the firewall for UDP 7757.";

    /// <summary>By the beginning of the sentence; a new sentence without an entry here has no advice, nothing worse.</summary>
    public static string Of(string sentence, StatusReport status)
    {
        var peer = status.PeerHost;
        if (sentence.Contains(" nowhere", StringComparison.Ordinal))
        {
            return status.TakeoverStep.Length > 0 ? "Wait: the takeover starts them."
                : "See why: ha-ctl events. Start it: xe vm-start uuid=…; or give it up: xe vm-shutdown uuid=….";
        }

        (string Start, string Advice)[] known =
        [
            ("this host is ", OfState(status)),
            ("this host could not take over", "Clear that on this host; until then only the other may take over."),
            ("the configuration of ", SameConfiguration),
            (peer + " could not take over", $"Run ha-ctl check on {peer}."),
            ("link ", Link),
            ("heartbeats of ", OfOtherSetup(sentence)),
            ("the storage of", "Look at the storage and the path to it; the VMs' disks are on it."),
            (NoMaster, NameMaster),
            ("the toolstack does", "Run: systemctl status xapi xenopsd-xc. It is restarted by itself where this daemon stopped it."),
            ("no watchdog", "Set [watchdog] device to a watchdog of this hardware or of the hypervisor."),
            ("the loop was late", "Look for what starves dom0: vCPUs, memory, a backup, snapshots."),
            ("the kernel refused", "Start the daemon by its unit, as root; look at: journalctl -u twonodeha."),
            ("if ", "See what is in the way: ha-ctl vm list. Clear it, make room, or mark the VM best-effort."),
            ("whether the VMs fit", "Look at the toolstack of the master; ha-ctl status -v says what it answers."),
        ];
        foreach (var (start, advice) in known)
        {
            if (sentence.StartsWith(start, StringComparison.Ordinal))
            {
                return advice;
            }
        }

        return "";
    }

    /// <summary>The peer speaks, and is not understood: see <c>StatusWatch</c>.</summary>
    public static string? OtherSetup(StatusReport status) => status.Warnings.IsDefault ? null
        : status.Warnings.FirstOrDefault(warning => warning.StartsWith("heartbeats of ", StringComparison.Ordinal));

    private static string OfOtherSetup(string warning) =>
        warning.Contains("another key", StringComparison.Ordinal) ? SameKey : SameVersion;

    public static string Unheard(string peer) =>
        $"On {peer}: systemctl status twonodeha; compare the key files; open UDP 7757 between the hosts.";

    /// <summary>What a state asks of the admin.</summary>
    public static string OfState(StatusReport status)
    {
        var (host, peer) = (status.Host, status.PeerHost);
        return status.State switch
        {
            nameof(HaStatus.Holding) when status.Peer is { ConfigAgrees: false } => SameConfiguration,
            nameof(HaStatus.Holding) when OtherSetup(status) is { } other => OfOtherSetup(other),
            nameof(HaStatus.Holding) =>
                $"On {peer}: systemctl status twonodeha, and start it. Only if {peer} is definitely off: ha-ctl takeover --peer-is-dead.",
            nameof(HaStatus.Sole) => $"Bring {peer} back: it joins by itself. Until then {host} is alone.",
            nameof(HaStatus.Suspecting) or nameof(HaStatus.TakingOver) or nameof(HaStatus.Fencing) => "Wait: this is decided within seconds; ha-ctl status --watch.",
            nameof(HaStatus.Joining) => $"Wait for both hosts to hear each other. If it lasts: ha-ctl check on {host} and on {peer}.",
            nameof(HaStatus.Isolated) => "Check the network of this host: neither the other host nor the gateway is reached.",
            nameof(HaStatus.Fenced) => $"Nothing: {host} joins by itself once it hears {peer}. If it lasts: check the links.",
            nameof(HaStatus.Maintenance) => "When the work is done: ha-ctl maintenance off.",
            nameof(HaStatus.Departing) => "Nothing: the host is shutting down.",
            _ => "",
        };
    }
}
