using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Advice;

/// <summary>Whether a drill may begin, and what it will do. Pure; the orders it is made of are judged by the daemon once more.</summary>
public static class DrillRules
{
    private const int NamesMax = 6;

    private static readonly string s_promotion = $"{Text(StoryTimes.Promotion.From)} to {Text(StoryTimes.Promotion.To)} s";

    /// <summary>What is in the way, each with what to do about it; empty when the drill may begin.</summary>
    /// <param name="wish">The drill.</param>
    /// <param name="status">The daemon's status, of now.</param>
    /// <param name="vms">The VMs of the pool, of now.</param>
    /// <param name="config">The configuration of the pair.</param>
    public static ImmutableArray<StatusRemark> WhyNot(DrillWish wish, StatusReport status, VmReport vms, HaConfig config)
    {
        var found = ImmutableArray.CreateBuilder<StatusRemark>();
        AddCover(found, status);
        if (!config.Hosts.Any(host => host.Name == status.Host) || !config.Hosts.Any(host => host.Name == status.PeerHost))
        {
            Add(found, $"the configuration file names other hosts than the daemon, {status.Host} and {status.PeerHost}", "Give the daemon's own file: --config FILE.");
        }

        if (found.Count == 0 && wish.Kind != DrillKind.Handover)
        {
            if (IsTheRightHost(found, wish, status))
            {
                AddHost(found, wish, status, config);
                AddVms(found, wish, status, vms);
            }
        }

        return found.ToImmutable();
    }

    /// <summary>What the drill will do, in order, with the times of this configuration.</summary>
    /// <param name="wish">The drill.</param>
    /// <param name="status">The daemon's status.</param>
    /// <param name="vms">The VMs of the pool.</param>
    /// <param name="config">The configuration of the pair.</param>
    public static ImmutableArray<string> Announce(DrillWish wish, StatusReport status, VmReport vms, HaConfig config)
    {
        var (host, other) = (wish.Host, wish.Host == status.Host ? status.PeerHost : status.Host);
        var guests = Names(On(vms, host));
        var some = guests.Length > 0;
        return wish.Kind switch
        {
            DrillKind.Handover =>
            [
                some ? $"{guests} {Is(On(vms, host))} migrated live from {host} to {other}; no VM stops." : $"No VM runs on {host}: only the roles move.",
                .. Role(status, host) == "master" ? [$"{other} becomes master, and stays it; both toolstacks restart, so XenCenter and Xen Orchestra reconnect."] : (ReadOnlySpan<string>)[],
                $"{host} promises not to take over, and is readmitted at once. In between a failure of {other} is not covered.",
                config.Policy.Failback == Failback.Auto ? "The VMs are migrated back, live, a minute later (failback = auto)."
                    : $"The VMs stay on {other} (failback = manual): bring them back with xe vm-migrate.",
            ],
            DrillKind.Fence =>
            [
                $"The toolstack of {host} is killed and {(some ? $"{guests} {Is(On(vms, host))} destroyed, without a shutdown" : "nothing else ends: no VM runs there, so only the fence itself is measured")}: "
                    + $"within K, {Text(config.Timing.KillBound)} s, or {host} is reset.",
                $"{other} hears of it within a heartbeat, {Text(config.Timing.HeartbeatInterval)} s{Starts(some, status, host, other)}.",
                config.Policy.FenceAction switch
                {
                    FenceAction.Reboot => $"{host} reboots then (fence_action = reboot), and this shell ends with it; afterwards: ha-ctl drill report.",
                    FenceAction.PowerOff => $"{host} is powered off then (fence_action = poweroff): you must switch it on; afterwards: ha-ctl drill report.",
                    _ => $"{host} rejoins by itself, as slave. Its VMs stay on {other}.",
                },
            ],
            _ =>
            [
                wish.ByAgent ? $"The fence agent switches {host} off." : $"You cut the power of {host}, or pull all its cables, when this says so.",
                .. some ? [$"{guests} {(On(vms, host).Count == 1 ? "stops" : "stop")} there, without a shutdown."] : (ReadOnlySpan<string>)[],
                $"{other} takes over {Takeover(config, Role(status, host) == "master")} after the last heartbeat{Starts(some, status, host, other)}.",
                $"Then you give {host} its power and cables back; it rejoins as slave. Its VMs stay on {other}.",
            ],
        };
    }

    /// <summary>VMs that run on a host, by the hypervisors' own lists.</summary>
    internal static List<VmDetail> On(VmReport vms, string host) => [.. vms.Vms.Where(vm => vm.On == host)];

    private static void AddCover(ImmutableArray<StatusRemark>.Builder found, StatusReport status)
    {
        var verdict = Verdict.Of(status);
        if (!verdict.Covered)
        {
            foreach (var remark in verdict.Remarks.Where(remark => remark.IsProblem))
            {
                Add(found, $"the pool is not covered: {remark.Sentence}", remark.Advice);
            }
        }
        else if (status.Peer is { State: not nameof(HaStatus.Paired) } peer)
        {
            Add(found, $"{status.PeerHost} is {peer.State}", "Wait until ha-ctl status there says Paired.");
        }
        else if (status.Outlooks.IsDefaultOrEmpty)
        {
            Add(found, "whether the VMs fit on the other host is not known yet", "Wait until ha-ctl vm list shows where each VM can run.");
        }
    }

    private static bool IsTheRightHost(ImmutableArray<StatusRemark>.Builder found, DrillWish wish, StatusReport status)
    {
        if (wish.Kind == DrillKind.Fence ? wish.Host != status.Host : wish.Host != status.PeerHost)
        {
            Add(found, wish.Host == status.Host ? $"{wish.Host} is this host, and cannot watch its own loss" : $"{wish.Host} is no host of this pool, which has {status.Host} and {status.PeerHost}",
                $"Run the drill on the host that survives, and name the other one: --lose {status.PeerHost}.");
            return false;
        }

        return true;
    }

    private static void AddHost(ImmutableArray<StatusRemark>.Builder found, DrillWish wish, StatusReport status, HaConfig config)
    {
        if (Role(status, wish.Host) != "slave" && !wish.Promote)
        {
            Add(found, $"{wish.Host} is master: the other host would be promoted, and the pool without a toolstack for {s_promotion}",
                "Say that you want that: --promote. Or give the mastership away first: ha-ctl drill handover.");
        }

        if (wish.ByAgent && !config.Policy.UsesFenceAgent)
        {
            Add(found, "no fence agent is configured", "Leave --by-agent out and cut the power by hand, or write a section [fence NAME].");
        }
        else if (wish.ByAgent && status.ThirdParties.FirstOrDefault(third => third.Works != true && third.Name != "arbiter") is { } broken)
        {
            Add(found, $"the fence agent {broken.Name} does not work: {broken.Detail}", "Repair it first: ha-ctl check tests it.");
        }
    }

    private static void AddVms(ImmutableArray<StatusRemark>.Builder found, DrillWish wish, StatusReport status, VmReport vms)
    {
        var guests = On(vms, wish.Host);
        foreach (var word in wish.Vms)
        {
            if (!guests.Any(vm => IsNamed(vm, word)))
            {
                var near = NearestWord.Of(word, guests.Select(vm => vm.Name));
                Add(found, $"no VM {word} runs on {wish.Host}", near is null ? "See what runs where: ha-ctl vm list." : $"Did you mean {near}?");
            }
        }

        if (!wish.AllVms && guests.Where(vm => !wish.Vms.Any(word => IsNamed(vm, word))).ToList() is { Count: > 0 } unnamed)
        {
            Add(found, $"{Names(unnamed)} {(unnamed.Count == 1 ? "runs" : "run")} on {wish.Host} and would be stopped",
                "Move them to the other host (xe vm-migrate), or name each test VM: --vm NAME. To stop all of them: --all-vms.");
        }

        // Whatever was named: a drill must end as it began.
        foreach (var vm in guests.Where(vm => !vm.ComesBack))
        {
            Add(found, $"{vm.Name} would stay down: {(vm.IfItsHostFails.Length > 0 ? vm.IfItsHostFails : "it is not protected")}",
                "Protect it (ha-ctl vm protect), clear what is in the way (ha-ctl vm show), or move it away first.");
        }

        if (wish.Host == status.PeerHost && status.Peer is { } peer && peer.RunningCount > guests.Count)
        {
            Add(found, string.Create(CultureInfo.InvariantCulture, $"{wish.Host} runs {peer.RunningCount} guests, and the toolstack knows {guests.Count} of them"),
                "Look at list_domains there.");
        }
    }

    private static void Add(ImmutableArray<StatusRemark>.Builder found, string sentence, string advice) => found.Add(new StatusRemark(true, sentence, advice));

    private static bool IsNamed(VmDetail vm, string word) => vm.Name == word || vm.Uuid.ToString() == word;

    private static string Role(StatusReport status, string host) => host == status.Host ? status.Role : status.Peer?.Role ?? "unknown";

    private static string Starts(bool some, StatusReport status, string host, string other) => !some ? ", and has nothing to start"
        : Role(status, host) == "master" ? $"; {other} becomes master ({s_promotion}, typically) and starts them" : "; it starts them";

    private static string Takeover(HaConfig config, bool ofMaster)
    {
        var permit = SilencePermit.Of(config);
        var range = ofMaster ? permit.OfMaster : permit.OfSlave;
        return $"{Text(range.From)} to {Text(range.To)} s";
    }

    private static string Is(List<VmDetail> vms) => vms.Count == 1 ? "is" : "are";

    private static string Names(List<VmDetail> vms) => string.Join(", ", vms.Take(NamesMax).Select(vm => vm.Name))
        + (vms.Count > NamesMax ? string.Create(CultureInfo.InvariantCulture, $" and {vms.Count - NamesMax} more") : "");

    private static string Text(TimeSpan time) => TimingRules.Text(time);
}
