using TwoNodeHa.Sim.Machine;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// Stands for the firewall of a host where the daemon itself changes it (<c>block_peer</c>): the script on the host asks for it
/// through a pipe, and the port of the switch that the host is plugged into does it. The daemon sees the same: refused at once.
/// </summary>
internal sealed class HostFirewall : IDisposable
{
    private const string End = "end";
    private const string Web = "tcp:80,tcp:443";

    private readonly LabNetwork _network;
    private readonly string _host;
    private readonly string _directory;
    private readonly FileStream _pipe;
    private readonly Thread _thread;

    public HostFirewall(LabNetwork network, string host, string directory)
    {
        (_network, _host, _directory) = (network, host, directory);
        if (Native.MakeFifo(PipeOf(directory), 0x180) != 0)
        {
            throw new IOException("cannot create " + PipeOf(directory));
        }

        // For reading and writing: the pipe never reports its end while no script has it open.
        _pipe = new FileStream(PipeOf(directory), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
        _thread = new Thread(Obey) { IsBackground = true, Name = "firewall " + host };
        _thread.Start();
    }

    /// <summary>Called with <c>add|delete ADDRESS</c>; it returns when the rule holds.</summary>
    public static string Script(string directory) => $"""
        #!/bin/sh
        set -e
        done={directory}/firewall.$$
        printf '%s %s\n' "$1" "$$" >{PipeOf(directory)}
        while [ ! -e "$done" ]; do sleep 0.01; done
        rm -f "$done"

        """;

    public void Dispose()
    {
        _pipe.Write("end end\n"u8);
        _pipe.Flush();
        _thread.Join(TimeSpan.FromSeconds(5));
        _pipe.Dispose();
    }

    private static string PipeOf(string directory) => Path.Combine(directory, "firewall.fifo");

    private void Obey()
    {
        using var reader = new StreamReader(_pipe, leaveOpen: true);
        while (reader.ReadLine()?.Split(' ') is [var verb, var caller] && verb != End)
        {
            _network.Refuse(_host, verb == "add" ? Web : "");
            File.WriteAllText(Path.Combine(_directory, "firewall." + caller), "");
        }
    }
}
