using System.Collections.Immutable;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>
/// The management board of one host: a real ipmi_sim with a supply and a network of its own. Its power button is the one of the
/// emulated host, so "off" kills every process of that host, and what it says is what is so.
/// </summary>
internal sealed class LabBoard : IDisposable
{
    private const string User = "ha";
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly EmulatedHost _host;
    private readonly string _directory;
    private readonly LabPart _part;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watch;
    private readonly Lock _lock = new();
    private readonly List<DateTimeOffset> _orders = [];

    /// <param name="host">Whose power it switches.</param>
    /// <param name="space">Namespace of its station.</param>
    /// <param name="directory">For its files; made.</param>
    /// <param name="secret">Password of its user.</param>
    public LabBoard(EmulatedHost host, NetSpace space, string directory, string secret)
    {
        (_host, _directory) = (host, directory);
        Directory.CreateDirectory(Path.Combine(directory, "state"));
        File.WriteAllText(Orders, "");
        Healthy = true;
        Lamp(on: false);
        host.Lamp = Lamp;
        OwnersFile.WriteProgram(Script, ScriptText());
        File.WriteAllText(Path.Combine(directory, "emu"),
            "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n");
        OwnersFile.Write(Path.Combine(directory, "lan"), LanText(host.Name, secret));
        _part = new LabPart(space, Path.Combine(directory, "ipmi_sim.log"),
        [
            LabParts.Require("ipmi_sim"), "-c", Path.Combine(directory, "lan"), "-f", Path.Combine(directory, "emu"),
            "-n", "-s", Path.Combine(directory, "state"),
        ]);
        _part.Start();
        _watch = Task.Run(WatchAsync);
    }

    /// <summary>When it was told to switch off, oldest first.</summary>
    public ImmutableArray<DateTimeOffset> OffOrders
    {
        get
        {
            lock (_lock)
            {
                return [.. _orders];
            }
        }
    }

    /// <summary>From an order to the loss of power; a real board takes up to some seconds.</summary>
    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>False: it answers, and can neither read nor switch the power.</summary>
    public bool Healthy
    {
        set => Write("mode", value ? "healthy" : "sick");
    }

    private string Orders => Path.Combine(_directory, "orders");

    private string Script => Path.Combine(_directory, "chassis");

    /// <summary>Name of its station, for cables and impairments.</summary>
    public static string Station(string host) => "bmc-" + host;

    /// <summary>The section of the configuration.</summary>
    public static string Section(string host, string passwordFile) => $"""

        [fence {Station(host)}]
        host = {host}
        agent = ipmi
        address = {LabNetwork.BoardAddress(host)}
        user = {User}
        password_file = {passwordFile}
        timeout_seconds = 6

        """;

    public void Freeze() => _part.Freeze();

    public void Thaw() => _part.Thaw();

    public void Dispose()
    {
        _stop.Cancel();
        _part.Dispose();
        try
        {
            _watch.Wait();
        }
        catch (AggregateException error) when (error.InnerException is OperationCanceledException)
        {
            // As asked.
        }
    }

    /// <summary>ipmi_sim runs it with words like <c>get power</c> and <c>set power 0</c>.</summary>
    private string ScriptText() => $$"""
        #!/bin/sh
        read -r mode < {{_directory}}/mode
        [ "$mode" = healthy ] || exit 1
        while [ $# -gt 0 ]; do
          case "$1" in
            get) shift; if [ "$1" = power ]; then read -r power < {{_directory}}/power; echo "power:$power"; else echo "$1:0"; fi;;
            set) shift; echo "$1 $2" >> {{Orders}}; shift;;
          esac
          shift
        done

        """;

    private string LanText(string host, string secret) => $"""
        name "{Station(host)}"
        set_working_mc 0x20
          startlan 1
            addr {LabNetwork.BoardAddress(host)} 623
            priv_limit admin
            allowed_auths_callback none md2 md5 straight
            allowed_auths_user none md2 md5 straight
            allowed_auths_operator none md2 md5 straight
            allowed_auths_admin none md2 md5 straight
            guid a123456789abcdefa123456789abcdef
          endlan
          chassis_control "{Script}"
          user 2 true "{User}" "{secret}" admin 10 none md2 md5 straight

        """;

    /// <summary>The lamp of the host: off only when every process of it is gone.</summary>
    private void Lamp(bool on) => Write("power", on ? "1" : "0");

    private void Write(string name, string text)
    {
        // At once, or the script would read an empty file.
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path + ".new", text + "\n");
        File.Move(path + ".new", path, overwrite: true);
    }

    private async Task WatchAsync()
    {
        int done = 0;
        while (!_stop.IsCancellationRequested)
        {
            string[] lines = await File.ReadAllLinesAsync(Orders, _stop.Token);
            for (; done < lines.Length; done++)
            {
                await ObeyAsync(lines[done]);
            }

            await Task.Delay(Glance, _stop.Token);
        }
    }

    private async Task ObeyAsync(string order)
    {
        switch (order)
        {
            case "power 0":
                lock (_lock)
                {
                    _orders.Add(DateTimeOffset.UtcNow);
                }

                await Task.Delay(Latency, _stop.Token);
                _host.PowerOff();
                break;
            case "power 1":
                _host.PowerOn();
                break;
            case "reset 1" when _host.Power != Power.Off:
                _host.PowerOff();
                _host.PowerOn();
                break;
            default:
                break;
        }
    }
}
