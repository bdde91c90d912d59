using System.Diagnostics;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;
using TwoNodeHa.Ctl.Setup;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>What the command line of <c>init</c> says.</summary>
/// <param name="Gateways">Gateways to probe; empty: as read.</param>
/// <param name="Ssh">Where ssh finds the other host; null: its management address.</param>
/// <param name="Paste">No ssh: print the line for the other host.</param>
/// <param name="Force">Write the configuration anew.</param>
internal sealed record InitWishes(string[] Gateways, string? Ssh, bool Paste, bool Force);

/// <summary>
/// <c>init</c>: sets up both hosts from one of them, up to "ready to enable". Everything is read and refused first, then the
/// other host is set up, then this one; each step may be done again, so a second run finishes what a first one could not.
/// </summary>
internal static class InitVerb
{
    public static int Run(CtlContext context, GlobalOptions options, InitWishes wishes)
    {
        var setup = new HostSetup(context, options);
        try
        {
            return Run(context, options, wishes, setup);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return End(context, options, setup, ExitCode.LocalFailure, $"{failure.Message}; fix that and run init again: it goes on where it ended");
        }
    }

    /// <summary><c>init --join</c>: the second host's half; the line of the first one comes on standard input.</summary>
    public static int Join(CtlContext context, GlobalOptions options)
    {
        var setup = new HostSetup(context, options);
        var buffer = new char[PairingLine.CharactersMax * 4];
        var length = context.In.ReadBlock(buffer, 0, buffer.Length);
        if (PairingLine.Decode(new string(buffer, 0, length)) is not { } line)
        {
            return End(context, options, setup, ExitCode.Usage, "this is not the line that ha-ctl init prints on the other host, or not all of it: copy it whole");
        }

        var parsed = ConfigParser.Parse("the line", line.Config);
        var self = HostInspector.InstallationUuid(context.Paths.Inventory);
        var refusal = parsed.Config is not { } config ? $"the configuration in the line cannot be used: {parsed.Findings[0]}"
            : self is null ? NoDom0(context)
            : config.Hosts.All(host => host.Uuid != self) ? $"this host ({self}) is neither {config.Hosts[0].Name} nor {config.Hosts[1].Name}: it is for another pool"
            : OtherHaPrograms.Running(context.Paths.Proc) is { IsEmpty: false } others ? $"{string.Join(", ", others)} runs on this host: stop and disable it first"
            : setup.IsEnabled() ? "HA is enabled on this host: ha-ctl disable first" : null;
        if (refusal is not null)
        {
            return End(context, options, setup, ExitCode.Refused, refusal + "; nothing was changed");
        }

        try
        {
            if (!setup.Watchdog())
            {
                setup.Say("warn", "no watchdog device, and xen_wdt could not be loaded: a host that hangs is not reset");
            }

            var runs = setup.Install(line.Config, line.Key);
            return End(context, options, setup, runs ? ExitCode.Ok : ExitCode.LocalFailure, runs ? "this host is set up" : "the daemon does not run here");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return End(context, options, setup, ExitCode.LocalFailure, failure.Message);
        }
    }

    private static int Run(CtlContext context, GlobalOptions options, InitWishes wishes, HostSetup setup)
    {
        if (Read(context, options, setup, out var facts, out var code, out var refusal) is false)
        {
            return End(context, options, setup, code, refusal + "; nothing was changed");
        }

        var lizard = LizardSettings.Read(facts!.OtherConfig, LocalConfigFile.Read(context.Paths.LizardFile, out _) ?? "");
        var import = lizard.IsEmpty ? null : LizardImport.Of(lizard);
        var has = setup.Watchdog();
        var site = new SiteWishes { Gateways = wishes.Gateways.Length > 0 ? [.. wishes.Gateways] : import?.Gateways ?? [], Lizard = import, HasWatchdog = has };
        if (SitePlan.Of(facts, site, out var trouble) is not { } plan)
        {
            return End(context, options, setup, ExitCode.Refused, trouble + "; nothing was changed");
        }

        if (Config(options, plan, wishes.Force, setup, out refusal) is not { } text)
        {
            return End(context, options, setup, ExitCode.Refused, refusal + "; nothing was changed");
        }

        if (import is not null)
        {
            setup.Say("note", "settings of HA-Lizard were found and translated: ha-ctl import-ha-lizard tells all of them");
        }

        foreach (var remark in plan.Remarks)
        {
            setup.Say("note", remark);
        }

        return Pair(context, options, wishes, setup, plan, text);
    }

    /// <summary>Everything that forbids it, before anything is changed.</summary>
    private static bool Read(CtlContext context, GlobalOptions options, HostSetup setup, out PoolFacts? facts, out int code, out string refusal)
    {
        (facts, code, refusal) = (null, ExitCode.Refused, "");
        if (HostInspector.InstallationUuid(context.Paths.Inventory) is not { } self)
        {
            refusal = NoDom0(context);
            return false;
        }

        if (setup.IsEnabled())
        {
            refusal = "HA is enabled on this host: ha-ctl disable first";
            return false;
        }

        facts = PoolReader.Read(context, self, options.Timeout, out refusal);
        if (facts is null)
        {
            code = ExitCode.Unreachable;
            return false;
        }

        var refusals = SitePlan.Refusals(facts);
        refusal = string.Join("\n", refusals);
        return refusals.IsEmpty;
    }

    /// <summary>A file of this pool is kept as it is; one of another, or with errors, is replaced on demand only.</summary>
    private static string? Config(GlobalOptions options, SitePlan plan, bool force, HostSetup setup, out string refusal)
    {
        refusal = "";
        var known = File.Exists(options.ConfigFile) ? LocalConfigFile.Read(options.ConfigFile, out refusal) : null;
        if (known is null || force)
        {
            return refusal.Length > 0 ? null : ConfigWriter.Write(plan);
        }

        var parsed = ConfigParser.Parse(options.ConfigFile, known);
        if (parsed.Config is { } config && plan.Hosts.All(host => config.Hosts.Any(other => other.Uuid == host.Uuid)))
        {
            setup.Say("ok", $"{options.ConfigFile} names this pool and is kept as it is; --force rewrites it and keeps the old one as .old");
            return known;
        }

        refusal = parsed.Config is null ? $"{options.ConfigFile} is there and has errors ({parsed.Findings[0]}): correct it, or rewrite it with --force"
            : $"{options.ConfigFile} is that of another pool: rewrite it with --force";
        return null;
    }

    private static int Pair(CtlContext context, GlobalOptions options, InitWishes wishes, HostSetup setup, SitePlan plan, string text)
    {
        var line = new PairingLine { Config = text, Key = setup.Key() };
        var peer = plan.Hosts[1];
        if (!wishes.Paste)
        {
            var target = wishes.Ssh ?? Ssh.Root(peer.Address);
            var result = Ssh.Run(context, target, "ha-ctl init --join", line.Encode() + "\n", Ssh.Limit);
            if (!result.Succeeded)
            {
                return End(context, options, setup, ExitCode.Unreachable, $"{peer.Name} ({target}) was not set up: {Reason(result)}. Nothing was changed here. "
                    + $"Install the package there too, see that ssh {target} works, and run init again; or without ssh: ha-ctl init --paste");
            }

            setup.Say("ok", $"{peer.Name} is set up");
        }

        if (!setup.Install(line.Config, line.Key))
        {
            return End(context, options, setup, ExitCode.LocalFailure, "the daemon does not run here: fix that and run init again");
        }

        return wishes.Paste ? Pasted(context, options, setup, peer, line) : Ready(context, options, setup, peer);
    }

    private static int Pasted(CtlContext context, GlobalOptions options, HostSetup setup, PlannedHost peer, PairingLine line)
    {
        var encoded = line.Encode();
        // The space in front keeps it out of a shell's history where that is set up so.
        var command = encoded.Length <= PairingLine.CharactersMax ? $" echo {encoded} | ha-ctl init --join"
            : $"(the line is too long for a terminal: scp -p {options.ConfigFile} {context.Paths.KeyFile} root@{peer.Address}:/etc/twonodeha/ )";
        return End(context, options, setup, ExitCode.Pending,
            $"this host is set up. Paste this line into a root shell of {peer.Name}; it holds the key, so paste it nowhere else:\n\n{command}\n\nThen here: ha-ctl check && ha-ctl enable");
    }

    /// <summary>Ready is said by the daemons: they hear each other, and agree.</summary>
    private static int Ready(CtlContext context, GlobalOptions options, HostSetup setup, PlannedHost peer)
    {
        var watch = Stopwatch.StartNew();
        StatusReport? status = null;
        while (watch.Elapsed < context.PairLimit)
        {
            status = ControlClient.Ask(LocalConfigFile.ControlSocket(options), new ControlRequest.Status(), options.Timeout).Answer?.Status ?? status;
            if (status is { Peer: { ConfigAgrees: true } heard } && !Verdict.IsStale(heard))
            {
                return End(context, options, setup, ExitCode.Ok, $"{status.Host} and {status.PeerHost} hear each other. Ready: ha-ctl check && ha-ctl enable");
            }

            Thread.Sleep(context.ConfirmPause);
        }

        return End(context, options, setup, ExitCode.Pending, status is null ? "both hosts are set up, and the daemon here does not answer yet: ha-ctl status"
            : $"both hosts are set up, and {peer.Name} is not heard yet: {Verdict.Of(status).Remarks.FirstOrDefault(remark => remark.IsProblem && !remark.Sentence.StartsWith("HA is", StringComparison.Ordinal))?.Advice}");
    }

    /// <summary>What the other host's half said to be wrong; else the last word of ssh.</summary>
    private static string Reason(ProgramResult result) =>
        result.Output.Split('\n').FirstOrDefault(line => line.StartsWith("FAIL", StringComparison.Ordinal)) is { } failed ? failed["FAIL".Length..].Trim() : result.LastWord;

    private static string NoDom0(CtlContext context) =>
        $"no INSTALLATION_UUID in {context.Paths.Inventory}: this is no dom0 of XenServer or XCP-ng, run it on a host of the pool";

    private static int End(CtlContext context, GlobalOptions options, HostSetup setup, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "init", ExitCode = code, Text = sentence, Steps = [.. setup.Steps] });
}
