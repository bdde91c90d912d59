using System.CommandLine;
using System.Globalization;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Cli;

/// <summary>
/// <c>sim network</c>: the network of a lab by itself, for a shell or a script: a verb per line of standard input; each is answered
/// by <c>ok</c> or <c>error: …</c> on a line. It is gone when its input ends.
/// </summary>
internal static class NetworkCommand
{
    private const string Help = """
        cut|plug CABLE          a, b (all cables of a host), a1 a2 b1 b2 (of a bond), gw, cross, trunk
        dead|alive CABLE        carrier stays and nothing passes
        impair FROM>TO …        [mgmt|cross] [arp,icmp,udp,tcp,udp:PORT,tcp:PORT] [loss N%] [delay Nms] [jitter Nms]
                                [duplicate N%] [reorder N%] [reject]; without an effect all is lost. FROM, TO: a, b, gw or *
        undrop                  end all impairments
        gateway on|off          the gateway stays plugged in and answers nobody
        mislearn HOST SECONDS   the switch takes a host for being elsewhere
        stp SECONDS             from carrier to forwarding, from now on
        failover SECONDS        of a bond, from now on
        power HOST on|off|cut   cut: nothing leaves it any more, its processes may be killed now; on: a new kernel
        status, spaces, help, quit
        """;

    public static Command Create()
    {
        var crossover = new Option<bool>("--crossover") { Description = "a second cable between the hosts" };
        var bonds = new Option<bool>("--bonds") { Description = "two management cables per host" };
        var sides = new Option<bool>("--two-sides") { Description = "a switch and a router per host, with a trunk between them" };
        var spaces = new Option<string?>("--spaces") { Description = "file: a line HOST net:[INODE] PATH per network namespace, kept up to date" };
        var command = new Command("network", "The network of a lab alone; verbs on standard input, 'help' names them.") { crossover, bonds, sides, spaces };
        command.SetAction((parsed, _) => Task.FromResult(Run(
            new NetworkOptions { Crossover = parsed.GetValue(crossover), Bonds = parsed.GetValue(bonds), TwoSides = parsed.GetValue(sides) },
            parsed.GetValue(spaces))));
        return command;
    }

    private static int Run(NetworkOptions options, string? spaces)
    {
        using var network = new LabNetwork(options);
        WriteSpaces(network, spaces);
        Console.WriteLine("ok");
        while (Console.In.ReadLine() is { } line && line.Trim() != "quit")
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            try
            {
                string said = words.Length == 0 ? "" : Obey(network, words);
                WriteSpaces(network, words is ["power", ..] ? spaces : null);
                Console.Write(said.Length > 0 ? said + "\nok\n" : "ok\n");
            }
            catch (Exception error) when (error is FormatException or ArgumentException or InvalidOperationException or OverflowException)
            {
                Console.WriteLine($"error: {line}: {error.Message}");
            }

            Console.Out.Flush();
        }

        return 0;
    }

    private static string Obey(LabNetwork network, string[] words)
    {
        switch (words)
        {
            case ["cut", var cable]:
                network.Cut(cable);
                break;
            case ["plug", var cable]:
                network.Plug(cable);
                break;
            case ["dead" or "alive", var cable]:
                network.Kill(cable, words[0] == "dead");
                break;
            case ["impair", ..]:
                network.Impair(Impairment.Parse(words[1..]));
                break;
            case ["undrop"]:
                network.Undrop();
                break;
            case ["gateway", "on" or "off"]:
                network.GatewayAnswers(words[1] == "on");
                break;
            case ["mislearn", "a" or "b", var seconds]:
                network.Mislearn(words[1], Seconds(seconds));
                break;
            case ["stp", var seconds]:
                network.SpanningTree = Seconds(seconds);
                break;
            case ["failover", var seconds]:
                network.BondFailover = Seconds(seconds);
                break;
            case ["power", "a" or "b", "cut"]:
                network.Silence(words[1]);
                break;
            case ["power", "a" or "b", "on" or "off"]:
                network.Power(words[1], words[2] == "on");
                break;
            case ["status"]:
                return network.Status();
            case ["spaces"]:
                return Spaces(network);
            case ["help"]:
                return Help;
            default:
                throw new FormatException("no such verb; 'help' names them");
        }

        return "";
    }

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>All that there ever were: a process of a host's last life is still on that host. The path is of the newest only.</summary>
    private static string Spaces(LabNetwork network) => string.Join('\n', network.HostByNamespace()
        .Select(entry => $"{entry.Value} {entry.Key} {network.PathOf(entry.Value, entry.Key)}".TrimEnd()));

    private static void WriteSpaces(LabNetwork network, string? file)
    {
        if (file is not null)
        {
            File.WriteAllText(file + ".new", Spaces(network) + "\n");
            File.Move(file + ".new", file, overwrite: true);
        }
    }
}
