using System.Diagnostics;

namespace TwoNodeHa.Sim.Lab;

/// <summary>The network of one lab: a thin hand on <c>tests/lab/lab.sh</c>, which does the work.</summary>
internal sealed class LabNetwork(string id) : IDisposable
{
    public const string Management = "192.0.2";
    public const string Crossover = "198.51.100";
    public const string Gateway = Management + ".1";

    public string Id { get; } = id;

    public static string Script { get; } = Path.Combine(Repository.Root, "tests", "lab", "lab.sh");

    /// <summary>Null when a lab is possible here, else one sentence that says why not.</summary>
    public static string? WhyImpossible()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "a lab needs the namespaces of Linux";
        }

        var (code, text) = Shell.Run(Script, ["probe"]);
        return code == 0 ? null : text.Trim();
    }

    /// <summary>Removes networks whose creator is gone.</summary>
    public static void Sweep() => Shell.Run(Script, ["sweep"]);

    public static string Address(string host) => Management + (host == "a" ? ".11" : ".12");

    public static string CrossoverAddress(string host) => Crossover + (host == "a" ? ".11" : ".12");

    public void Up(bool crossover) => Verb(crossover ? ["up", "--crossover"] : ["up"]);

    public void Cut(string cable) => Verb(["cut", cable]);

    public void Plug(string cable) => Verb(["plug", cable]);

    /// <summary>Drops everything that <paramref name="to"/> receives from <paramref name="from"/>.</summary>
    public void Drop(string from, string to) => Verb(["drop", $"{from}>{to}"]);

    public void Undrop() => Verb(["undrop"]);

    public void GatewayAnswers(bool on) => Verb(["gateway", on ? "on" : "off"]);

    public void Power(string host, bool on) => Verb(["power", host, on ? "on" : "off"]);

    public string Status() => Verb(["status"]);

    /// <summary>Host by the text of <c>/proc/PID/ns/net</c>.</summary>
    public Dictionary<string, string> HostByNamespace() => Verb(["namespaces"])
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' '))
        .ToDictionary(words => words[1], words => words[0]);

    /// <summary>A command that runs in the namespace of a host or of the gateway.</summary>
    public string[] Inside(string where, params IEnumerable<string> command) =>
        ["ip", "netns", "exec", $"{Id}-{where}", .. command];

    public void Dispose() => Shell.Run(Script, ["--id", Id, "down"]);

    private string Verb(string[] words)
    {
        var (code, text) = Shell.Run(Script, ["--id", Id, .. words]);
        return code == 0
            ? text
            : throw new InvalidOperationException($"lab.sh {string.Join(' ', words)}: {text.Trim()}");
    }
}

/// <summary>Runs a short command and waits for it.</summary>
internal static class Shell
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Exit code, and both outputs as one text.</summary>
    public static (int Code, string Text) Run(string file, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments) 
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"cannot start {file}");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', arguments)} did not end");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult() + errors.GetAwaiter().GetResult());
    }
}
