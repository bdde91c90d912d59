using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Setup;

/// <summary>What <c>init</c> changes on the host that it runs on; each step may be done again.</summary>
internal sealed class HostSetup(CtlContext context, GlobalOptions options)
{
    private const int KeyBytes = 32;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(60);
    private static readonly string[] s_units = ["twonodeha-guard", "twonodeha-shutdown", "twonodeha"];

    /// <summary>What was done, and what was found in place.</summary>
    public List<StepJson> Steps { get; } = [];

    /// <summary>Says a step at once: an administrator sees where it stands.</summary>
    public void Say(string grade, string sentence)
    {
        Steps.Add(new StepJson(grade, sentence));
        if (!options.Json)
        {
            foreach (var line in WordWrap.Lines(context.Screen.Shown($"{grade,-5} {Words.Printable(sentence)}"), context.Screen.Width))
            {
                context.Out.WriteLine(line);
            }

            context.Out.Flush();
        }
    }

    /// <summary>HA is enabled here, by the daemon's own word: nothing may be changed then.</summary>
    public bool IsEnabled() => ControlClient.Ask(LocalConfigFile.ControlSocket(options), new ControlRequest.Status(), options.Timeout)
        .Answer is { Ok: true, Status.Enabled: true };

    /// <summary>The key that is there, or a new one, not written yet.</summary>
    /// <exception cref="IOException">It is there and cannot be read, or is no key.</exception>
    public string Key()
    {
        if (!File.Exists(context.Paths.KeyFile))
        {
            return Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n";
        }

        var key = File.ReadAllText(context.Paths.KeyFile, Encoding.ASCII);
        return key.Trim().Length >= KeyBytes ? key
            : throw new IOException($"{context.Paths.KeyFile} is shorter than {KeyBytes} bytes: move it away, init makes another one");
    }

    /// <summary>Loads the hypervisor's watchdog driver where there is no device.</summary>
    public bool Watchdog()
    {
        if (File.Exists(context.Paths.Watchdog))
        {
            return true;
        }

        context.Programs.Run("modprobe", ["-q", "xen_wdt"], "", ToolLimit);
        return File.Exists(context.Paths.Watchdog);
    }

    /// <summary>Writes a file whole or not at all; what was there before is kept as <c>.old</c>.</summary>
    /// <returns>It is another text than before.</returns>
    public static bool Put(string path, string text, bool keepOld)
    {
        if (File.Exists(path) && File.ReadAllText(path) == text)
        {
            File.SetUnixFileMode(path, Private);
            return false;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!, Private | UnixFileMode.UserExecute);
        var temporary = string.Create(CultureInfo.InvariantCulture, $"{path}.new.{Environment.ProcessId}");
        try
        {
            using (var stream = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private }))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            if (keepOld && File.Exists(path))
            {
                File.Copy(path, path + ".old", overwrite: true);
            }

            File.Move(temporary, path, overwrite: true);
            return true;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Configuration and key, port, units. HA stays disabled.</summary>
    /// <exception cref="IOException">A file cannot be written; what was written before stays, and is taken by the next run.</exception>
    public bool Install(string config, string key)
    {
        var changed = Keep(context.Paths.KeyFile, key, "key") | Keep(options.ConfigFile, config, "configuration", keepOld: true);
        OpenPort();
        return Start(changed);
    }

    /// <summary>Puts a file in its place, and says so.</summary>
    /// <returns>It is another text than before.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public bool Keep(string path, string text, string what, bool keepOld = false)
    {
        var changed = Put(path, text, keepOld);
        Say("ok", changed ? $"the {what} is in {path}" : $"{path}: in place");
        return changed;
    }

    /// <summary>Opens the port of the heartbeats.</summary>
    public void OpenPort()
    {
        var opened = context.Programs.Run(context.Paths.Firewall, ["open"], "", ToolLimit);
        Say(opened.Succeeded ? "ok" : "warn", opened.Succeeded ? "the port of the heartbeats is open"
            : $"the port of the heartbeats was not opened ({opened.LastWord}): open UDP 7757 by hand if a firewall is active");
    }

    private bool Start(bool changed)
    {
        var enabled = context.Programs.Run("systemctl", ["enable", .. s_units], "", ToolLimit);
        // A daemon that read other files before is started again; HA is disabled, nothing moves.
        var started = context.Programs.Run("systemctl", [changed ? "restart" : "start", "twonodeha-shutdown", "twonodeha"], "", ToolLimit);
        var bad = !enabled.Succeeded ? enabled : !started.Succeeded ? started : null;
        Say(bad is null ? "ok" : "FAIL", bad is null ? "the daemon runs, HA is disabled" : $"the daemon was not started: {bad.LastWord}; look at: journalctl -u twonodeha");
        return bad is null;
    }
}
