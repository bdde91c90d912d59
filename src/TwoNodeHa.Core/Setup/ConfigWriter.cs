using System.Collections.Immutable;
using System.Text;

namespace TwoNodeHa.Core.Setup;

/// <summary>Writes a configuration from a plan, with comments for the one who reads it next year.</summary>
public static class ConfigWriter
{
    private const int CommentColumn = 44;

    /// <summary>The text; it has no findings but those that the plan's remarks name.</summary>
    public static string Write(SitePlan plan)
    {
        var text = new StringBuilder();
        text.Append("# TwoNodeHa: /etc/twonodeha/ha.conf, written by ha-ctl init from the toolstack's database.\n")
            .Append("# The same file on both hosts: they compare it and do not arm while they differ (ha-ctl config diff).\n")
            .Append("# What it means second by second: ha-ctl timeline. All keys: ha.conf.example, docs/configuration.md.\n\n");
        Line(text, $"profile = {plan.Wishes.Lizard?.Profile ?? "balanced"}", "fast | balanced | patient");
        foreach (var host in plan.Hosts)
        {
            text.Append($"\n[host {host.Name}]\n");
            Line(text, $"uuid = {host.Uuid}", "INSTALLATION_UUID");
            Line(text, $"address = {host.Address}", "management address, as XAPI knows it");
        }

        Links(text, plan);
        Gateway(text, plan);
        text.Append("\n[policy]\n");
        Line(text, $"protect = {plan.Wishes.Lizard?.Protect ?? "all"}", "all | marked: which VMs are protected");
        Storage(text, plan.Shared);
        text.Append("\n[watchdog]\n");
        Line(text, plan.Wishes.HasWatchdog ? "device = /dev/watchdog" : "device = none",
            plan.Wishes.HasWatchdog ? "resets a host that hangs" : "none was found: a host that hangs is not reset");
        return text.ToString();
    }

    private static void Links(StringBuilder text, SitePlan plan)
    {
        foreach (var link in plan.Links)
        {
            text.Append($"\n[link {link.Name}]\n");
            Line(text, $"{plan.Hosts[0].Name} = {link.First}", "UDP port 7757; another one: port = NUMBER");
            Line(text, $"{plan.Hosts[1].Name} = {link.Second}", "");
        }

        if (plan.Links.Length == 1)
        {
            text.Append("\n# A second, independent link is the cheapest step to more safety: a cable from NIC to NIC is enough.\n")
                .Append("#[link crossover]\n").Append($"#{plan.Hosts[0].Name} = ADDRESS\n").Append($"#{plan.Hosts[1].Name} = ADDRESS\n");
        }

        if (plan.DiskLink.Length > 0)
        {
            text.Append("\n# So is a slot on shared storage, if that is not reached over the networks above. Make the file once, from one host:\n")
                .Append($"# truncate -s 8192 {plan.DiskLink}\n").Append("#[link disk]\n").Append($"#disk = {plan.DiskLink}\n");
        }
    }

    private static void Gateway(StringBuilder text, SitePlan plan)
    {
        text.Append("\n[gateway]\n");
        Line(text, $"addresses = {string.Join(", ", plan.Gateways)}", "what must answer to prove that a host has a network");
        if (plan.Wishes.Lizard is { Gateways.Length: > 1 } && plan.Wishes.Gateways.SequenceEqual(plan.Wishes.Lizard.Gateways))
        {
            Line(text, "require = all", "as HA-Lizard had it; any is the default");
        }
    }

    private static void Storage(StringBuilder text, ImmutableArray<Repository> shared)
    {
        text.Append("\n# Storage of the VMs, to be probed if you wish (probe = a file or device on it):\n");
        foreach (var one in shared)
        {
            text.Append($"#   {Printable(one.Name)} ({one.Type}): /run/sr-mount/{one.Uuid}\n");
        }

        text.Append(shared.IsEmpty ? "#   none is shared by both hosts\n" : "").Append("#[storage]\n#probe =\n");
    }

    private static void Line(StringBuilder text, string entry, string comment) =>
        text.Append(comment.Length == 0 ? entry : $"{entry.PadRight(CommentColumn)} # {comment}").Append('\n');

    /// <summary>A name is whatever somebody typed: it must not end a comment.</summary>
    private static string Printable(string name) =>
        string.Concat(name.Take(60).Select(character => char.IsControl(character) || character is '\u2028' or '\u2029' ? '?' : character));
}
