using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;
using TwoNodeHa.Ctl.Setup;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>
/// <c>restore</c>: a host whose root file system was wiped gets its configuration back from the pool, and the key from the other host. Everything is
/// judged first; each step may be done again. It starts nothing, as the package does not.
/// </summary>
internal static class RestoreVerb
{
    private const string OnTheOther = "ha-ctl restore --line";

    /// <summary>The reinstalled host's half.</summary>
    /// <param name="context">The run.</param>
    /// <param name="options">Options of every verb.</param>
    /// <param name="ssh">Where ssh finds the other host; null: its management address.</param>
    /// <param name="paste">No ssh: the other host's line comes on standard input.</param>
    public static int Run(CtlContext context, GlobalOptions options, string? ssh, bool paste)
    {
        var setup = new HostSetup(context, options);
        try
        {
            return Run(context, options, ssh, paste, setup);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return End(context, options, setup, ExitCode.LocalFailure, $"{failure.Message}; fix that and run restore again: it goes on where it ended");
        }
    }

    /// <summary>The other host's half: its own configuration and key, in one line.</summary>
    public static int Line(CtlContext context, GlobalOptions options)
    {
        if (LocalConfigFile.Read(options.ConfigFile, out var trouble) is not { } text || ConfigParser.Parse(options.ConfigFile, text) is not { Config: { } config })
        {
            return End(context, options, null, ExitCode.LocalFailure, $"{options.ConfigFile} cannot be used{(trouble.Length > 0 ? ": " + trouble : "")}; ha-ctl check says more");
        }

        try
        {
            context.Out.WriteLine(new PairingLine { Config = text, Key = File.ReadAllText(KeyFile(context, config)) }.Encode());
            return ExitCode.Ok;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return End(context, options, null, ExitCode.LocalFailure, failure.Message);
        }
    }

    private static int Run(CtlContext context, GlobalOptions options, string? ssh, bool paste, HostSetup setup)
    {
        if (HostInspector.InstallationUuid(context.Paths.Inventory) is not { } self)
        {
            return Refuse(context, options, setup, $"no INSTALLATION_UUID in {context.Paths.Inventory}: this is no dom0 of XenServer or XCP-ng, run it on the host that was reinstalled");
        }

        if (setup.IsEnabled())
        {
            return Refuse(context, options, setup, "HA is enabled on this host and its daemon answers: there is nothing to restore");
        }

        var line = paste ? Pasted(context) : null;
        if (paste && line is null)
        {
            return End(context, options, setup, ExitCode.Usage, $"this is not the line that {OnTheOther} prints on the other host, or not all of it: copy it whole");
        }

        var copies = PoolCopies.Read(context, self, options.Timeout, out var unread);
        var (mirrored, why) = Mirrored(copies, unread);
        var kept = mirrored is null ? null : Judge(mirrored, copies, self, out why);
        if (mirrored is not null && kept is null)
        {
            return Refuse(context, options, setup, $"what the pool keeps {why}");
        }

        var asked = "";
        line ??= kept is not null && File.Exists(KeyFile(context, kept.Config)) ? null : Asked(context, ssh, kept?.Config, self, out asked);
        var other = "";
        var given = line is null ? null : Judge(line.Config, copies, self, out other);
        if (line is not null && given is null)
        {
            return Refuse(context, options, setup, $"what the other host gave {other}");
        }

        if ((given ?? kept) is not { } found)
        {
            return End(context, options, setup, copies is null ? ExitCode.Unreachable : ExitCode.Refused,
                $"{why}{(asked.Length > 0 ? "; " + asked : "")}; nothing was changed. Without both: {OnTheOther} on the other host, and ha-ctl restore --paste here");
        }

        Remarks(setup, why, found.Text, mirrored, copies);
        return Install(context, options, setup, self, found, line, copies, asked);
    }

    private static PairingLine? Pasted(CtlContext context)
    {
        var buffer = new char[PairingLine.CharactersMax * 4];
        return PairingLine.Decode(new string(buffer, 0, context.In.ReadBlock(buffer, 0, buffer.Length)));
    }

    /// <summary>The pool's copy; null, with the reason.</summary>
    private static (string? Text, string Why) Mirrored(PoolCopies? copies, string unread)
    {
        if (copies is null)
        {
            return (null, unread);
        }

        if (copies.Config is not { } entry)
        {
            return (null, "the pool keeps no configuration: HA was never enabled here, or not for a minute");
        }

        var text = ConfigMirror.Decode(copies.Pool, entry, out var trouble);
        return (text, text is null ? $"the pool's copy of the configuration {trouble}" : "");
    }

    /// <summary>A configuration that is this host's; null, with the reason, to be read after "what … keeps".</summary>
    private static Candidate? Judge(string text, PoolCopies? copies, Guid self, out string why)
    {
        var parsed = ConfigParser.Parse("the configuration", text);
        if (parsed.Config is not { } config)
        {
            why = $"cannot be used: {parsed.Findings.First(finding => finding.Severity == ConfigSeverity.Error)}";
            return null;
        }

        why = config.Hosts.All(host => host.Uuid != self)
            ? $"is not for this host ({self}), but for {config.Hosts[0].Name} ({config.Hosts[0].Uuid}) and {config.Hosts[1].Name} ({config.Hosts[1].Uuid})"
            : copies is not null && config.Hosts.FirstOrDefault(host => !copies.Hosts.Contains(host.Uuid)) is { } missing
                ? $"is that of another pool: {missing.Name} ({missing.Uuid}) is no host of this one" : "";
        return why.Length > 0 ? null : new Candidate(text, config);
    }

    /// <summary>The key's place; where the configuration says nothing, that of this host.</summary>
    private static string KeyFile(CtlContext context, HaConfig config) =>
        config.Paths.KeyFile == new PathsConfig().KeyFile ? context.Paths.KeyFile : config.Paths.KeyFile;

    private static PairingLine? Asked(CtlContext context, string? ssh, HaConfig? kept, Guid self, out string trouble)
    {
        var peer = kept?.Hosts.FirstOrDefault(host => host.Uuid != self);
        var target = ssh ?? (peer is null ? null : Ssh.Root(peer.Address));
        if (target is null)
        {
            trouble = "the other host's address is not known either: name it by --ssh";
            return null;
        }

        var result = Ssh.Run(context, target, OnTheOther, "", Ssh.Limit);
        var line = result.Succeeded ? PairingLine.Decode(result.Output) : null;
        trouble = line is not null ? "" : $"{target} did not give the key: {(result.Succeeded ? "that is not its line" : result.LastWord)}";
        return line;
    }

    private static void Remarks(HostSetup setup, string why, string text, string? mirrored, PoolCopies? copies)
    {
        if (why.Length > 0)
        {
            setup.Say("warn", $"{why}; the other host's configuration is taken");
        }
        else if (mirrored is not null && text != mirrored)
        {
            setup.Say("note", "the other host's configuration is not the one that the pool keeps: the other host's is taken");
        }

        if (copies is { State: { } state })
        {
            setup.Say("note", state.Generation == 0 ? "what the pool keeps of this host's HA state is not understood: it counts as enabled"
                : $"HA was {(state.Enabled ? "enabled" : "disabled")} on this host when the pool last heard of it");
        }
    }

    private static int Install(
        CtlContext context, GlobalOptions options, HostSetup setup, Guid self, Candidate found, PairingLine? line, PoolCopies? copies, string asked)
    {
        var config = found.Config;
        var changed = setup.Keep(options.ConfigFile, found.Text, "configuration", keepOld: true);
        if (File.Exists(Path.Combine(config.Paths.StateDirectory, "state")))
        {
            setup.Say("ok", $"the state in {config.Paths.StateDirectory}: in place");
        }
        else if (copies is not { State.Enabled: false })
        {
            var mark = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.ConfigFile))!, PathsConfig.EnabledMark(self));
            HostSetup.Put(mark, PathsConfig.EnabledMarkText, keepOld: false);
            setup.Say("ok", "the daemon will not take this for a first start: it does nothing before the other host told what holds");
        }

        setup.OpenPort();
        if (!setup.Watchdog())
        {
            setup.Say("warn", "no watchdog device, and xen_wdt could not be loaded: a host that hangs is not reset");
        }

        foreach (var file in Named(config).Where(file => file.Length > 0 && !File.Exists(file)))
        {
            setup.Say("warn", $"{file}, which the configuration names, is not here: copy it from the other host");
        }

        if (line is not null)
        {
            changed |= setup.Keep(KeyFile(context, config), line.Key, "key");
        }

        return line is null && !File.Exists(KeyFile(context, config))
            ? End(context, options, setup, ExitCode.Pending, $"the key is missing ({asked}). On the other host: {OnTheOther}; then here: ha-ctl restore --paste, and that line")
            : End(context, options, setup, ExitCode.Ok, Next(context, options, config, self, copies, changed));
    }

    /// <summary>Files beside the configuration that a reinstallation wiped too.</summary>
    private static IEnumerable<string> Named(HaConfig config) =>
    [
        .. config.Fences.SelectMany(static fence => new[] { fence.PasswordFile, fence.CaFile }),
        .. config.Arbiter is { } arbiter ? new[] { arbiter.CaFile, arbiter.CertificateFile, arbiter.KeyFile, arbiter.PasswordFile } : [],
        config.Alerts.OtlpCaFile, config.Alerts.Hook,
    ];

    private static string Next(CtlContext context, GlobalOptions options, HaConfig config, Guid self, PoolCopies? copies, bool changed)
    {
        var peer = config.Hosts.First(host => host.Uuid != self).Name;
        var runs = ControlClient.Ask(LocalConfigFile.ControlSocket(options), new ControlRequest.Status(), options.Timeout).Answer is not null;
        var danger = !runs && copies is { Running: { IsEmpty: false } vms }
            ? $"Take care: {string.Join(", ", vms)} {(vms.Length == 1 ? "runs" : "run")} here, and the daemon destroys what it finds running unless {peer} is heard within its lease. "
                + $"See that {peer} has its daemon up and answers, or move them there first. " : "";
        var start = !runs ? "systemctl enable --now twonodeha-guard twonodeha-shutdown twonodeha" : changed ? "systemctl restart twonodeha" : "";
        return $"this host is restored; nothing was started, and HA is not enabled on it yet. {danger}Next: {start}{(start.Length > 0 ? ", then " : "")}ha-ctl check, "
            + $"and ha-ctl status until it is Paired with {peer}";
    }

    private static int Refuse(CtlContext context, GlobalOptions options, HostSetup setup, string sentence) =>
        End(context, options, setup, ExitCode.Refused, sentence + "; nothing was changed");

    private static int End(CtlContext context, GlobalOptions options, HostSetup? setup, int code, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = "restore", ExitCode = code, Text = sentence, Steps = [.. setup?.Steps ?? []] });

    /// <summary>A configuration that may be installed here.</summary>
    private sealed record Candidate(string Text, HaConfig Config);
}
