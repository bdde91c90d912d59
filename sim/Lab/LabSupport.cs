using System.Diagnostics;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Lab;

/// <summary>Whether this system allows a lab, and a way where it does not at once.</summary>
internal static class LabSupport
{
    private const string Entered = "TWONODEHA_LAB_ENTERED";
    private static readonly string[] Unshare = ["/usr/bin/unshare", "/bin/unshare"];

    /// <summary>Null when a lab is possible here, else one sentence that says why not. All that a lab does is tried once.</summary>
    public static string? WhyImpossible()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "a lab needs the namespaces of Linux";
        }

        if (Kernel.EffectiveUser() != 0)
        {
            return "a lab needs root, or a user namespace: unshare --user --map-root-user COMMAND";
        }

        try
        {
            using var network = new LabNetwork(new NetworkOptions { Crossover = true });
            network.Cut("a");
            FirstProcess first = FirstProcess.Start(network.SpaceOf("a"), "/dev/null", [.. Repository.Sim, "first-process"]);
            return !first.WaitForExit(TimeSpan.FromSeconds(30)) ? "the first process of a host does not end"
                : first.ExitCode != 0 ? "a process in a pid namespace of its own may not mount /proc here" : null;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException or FileNotFoundException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    /// <summary>
    /// Without root, this program runs once more as root of a user namespace of its own; the exit code of that. Null when it is
    /// root already, or cannot be.
    /// </summary>
    public static int? AsRootOfOneself(string[] arguments)
    {
        string? unshare = Unshare.FirstOrDefault(File.Exists);
        if (!OperatingSystem.IsLinux() || Kernel.EffectiveUser() == 0 || unshare is null || Environment.GetEnvironmentVariable(Entered) is not null)
        {
            return null;
        }

        using (Process probe = Process.Start(new ProcessStartInfo(unshare, ["--user", "--map-root-user", "true"]) { RedirectStandardError = true, UseShellExecute = false })!)
        {
            probe.WaitForExit();
            if (probe.ExitCode != 0)
            {
                return null;
            }
        }

        var again = new ProcessStartInfo(unshare, ["--user", "--map-root-user", .. Repository.Sim, .. arguments]);
        again.Environment[Entered] = "1";
        using Process run = Process.Start(again)!;
        // Ctrl-C reaches both; this one waits for the other to clean up.
        Console.CancelKeyPress += (_, pressed) => pressed.Cancel = true;
        run.WaitForExit();
        return run.ExitCode;
    }
}
