using System.Collections.Immutable;
using System.Text;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Sim.Lab;

/// <summary>One host at one moment: what its daemon says, and what is true.</summary>
/// <param name="Name">Name.</param>
/// <param name="Power">Power.</param>
/// <param name="Status">Status of its daemon; null when it does not answer.</param>
/// <param name="Vms">VMs that run there in truth, ascending.</param>
internal sealed record HostView(string Name, Power Power, StatusReport? Status, ImmutableArray<string> Vms)
{
    public string State => Status?.State ?? (Power == Power.On ? "no answer" : Power.ToString().ToLowerInvariant());

    public string Role => Status?.Role ?? "";

    public override string ToString() => $"{Name}: {State} {Role} [{string.Join(' ', Vms)}]";
}

/// <summary>Both hosts at one moment.</summary>
internal sealed record LabView(HostView A, HostView B)
{
    public HostView this[string host] => host == "a" ? A : B;

    /// <summary>Both hosts are in this HA state.</summary>
    public bool Both(string state) => A.State == state && B.State == state;

    /// <summary>VMs that run anywhere.</summary>
    public int Running => A.Vms.Length + B.Vms.Length;

    public override string ToString() => $"{A}; {B}";
}

/// <summary>A wait was not fulfilled within its ceiling; the message says what was seen instead.</summary>
internal sealed class LabTimeoutException(string message) : Exception(message);

/// <summary>The last words of daemons and emulators, for the message of a failed test.</summary>
internal static class LastWords
{
    private const int Lines = 25;

    public static string Of(string directory)
    {
        var text = new StringBuilder();
        foreach (string file in Directory.EnumerateFiles(directory, "*.log", SearchOption.AllDirectories).Order())
        {
            text.Append("--- ").AppendLine(Path.GetRelativePath(directory, file));
            foreach (string line in File.ReadLines(file).TakeLast(Lines))
            {
                text.AppendLine(line);
            }
        }

        return text.ToString();
    }
}
