using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Machine.Iscsi;

/// <summary>Where the LUNs of a lab are.</summary>
/// <param name="Portal">Address and port of the target.</param>
/// <param name="Luns">How many, numbered from one.</param>
internal sealed record SanAddress(string Portal, int Luns)
{
    public const string Target = "iqn.2026-01.org.example:lab";

    /// <summary>Bytes of a sector.</summary>
    public const int Sector = 512;

    /// <summary>The LUN of a VM, by its place in the pool definition.</summary>
    public int LunOf(int vm) => 1 + (vm % Luns);

    /// <summary>Each VM has one sector for each host: what the one wrote last does not cover what the other one did.</summary>
    public static int SectorOf(int vm, string host) => (2 * vm) + (host == "a" ? 0 : 1);
}

/// <summary>
/// What the kernel of an emulated host does with its SAN: one session, over which its VMs write and its tools speak. Every VM that has
/// a process writes one sector again and again, as long as it has: <c>N HOST RUN N</c>.
/// </summary>
internal sealed class HostInitiator : IDisposable
{
    private const byte Write10 = 0x2A;
    private static readonly TimeSpan BetweenWrites = TimeSpan.FromMilliseconds(50);

    private readonly PoolDefinition _pool;
    private readonly string _host;
    private readonly SanAddress _san;
    private readonly string _refusals;
    private readonly IscsiSession _session;
    private readonly PersistProgram _persist;
    private readonly TcpListener _tools = new(IPAddress.Loopback, HostScripts.PersistPort);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _boot = $"{DateTime.UtcNow.Ticks}";
    private readonly Dictionary<int, Disk> _disks = [];
    private readonly ulong[] _registered;
    private long _written;

    /// <param name="pool">Names the VMs.</param>
    /// <param name="host">Name of this host.</param>
    /// <param name="san">Where the LUNs are.</param>
    /// <param name="refusals">File that gets a line for each write that was refused.</param>
    public HostInitiator(PoolDefinition pool, string host, SanAddress san, string refusals)
    {
        (_pool, _host, _san, _refusals) = (pool, host, san, refusals);
        _registered = new ulong[san.Luns + 1];
        _session = new IscsiSession("iqn.2026-01.org.example:host-" + host, san.Portal, SanAddress.Target);
        _persist = new PersistProgram(_session);
    }

    public void Start()
    {
        _tools.Start();
        _ = Task.Run(ServeToolsAsync);
        _ = Task.Run(WriteAsync);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _tools.Dispose();
        _session.Dispose();
    }

    private async Task ServeToolsAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client = await _tools.AcceptTcpClientAsync(_stop.Token);
            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using NetworkStream stream = client.GetStream();
                using var reader = new StreamReader(stream);
                string[] words = (await reader.ReadLineAsync(_stop.Token) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
                (int code, string output) = words.Length == 0 ? (1, "") : await _persist.RunAsync(words);
                Remember(words, code);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{code}\n{output}")), _stop.Token);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The tool was killed at its deadline.
        }
    }

    /// <summary>The <c>reservation_key</c> of multipath.conf.</summary>
    private void Remember(string[] words, int code)
    {
        const string Key = "--param-sark=0x";
        if (code == 0 && words.Contains("--register-ignore") && words.FirstOrDefault(word => word.StartsWith(Key, StringComparison.Ordinal)) is { } key)
        {
            _registered[int.Parse(Path.GetFileName(words[^1]).AsSpan(3), CultureInfo.InvariantCulture)] =
                ulong.Parse(key.AsSpan(Key.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        }
    }

    private async Task WriteAsync()
    {
        int login = 1;
        while (!_stop.IsCancellationRequested)
        {
            if (_session.Logins > login)
            {
                login = _session.Logins;
                await RegisterAnewAsync();
            }

            HashSet<Guid> there = Writing();
            for (int vm = 0; vm < _pool.Vms.Count; vm++)
            {
                if (!there.Contains(Guid.Parse(_pool.Vms[vm].Uuid)))
                {
                    _disks.Remove(vm);
                    continue;
                }

                Disk disk = _disks.TryGetValue(vm, out Disk? found) ? found : _disks[vm] = new Disk($"{_boot}.{_written}");
                if (disk.Write.IsCompleted)
                {
                    disk.Write = WriteAsync(vm, disk.Run);
                }
            }

            await Task.Delay(BetweenWrites, _stop.Token);
        }
    }

    /// <summary>
    /// As multipathd does with a path that is back: a key that is still registered is registered by it too. tgtd ties a registration to a session,
    /// where SPC ties it to the names of both ports, so with tgtd every session needs that.
    /// </summary>
    private async Task RegisterAnewAsync()
    {
        for (int lun = 1; lun < _registered.Length; lun++)
        {
            if (_registered[lun] is not 0 and var key && (await KeysAsync(lun))?.Contains(key) == true)
            {
                _ = await _persist.RegisterAsync(lun, key);
            }
        }
    }

    /// <summary>The first answer of a session may be a unit attention.</summary>
    private async Task<ulong[]?> KeysAsync(int lun) => await _persist.KeysAsync(lun) ?? await _persist.KeysAsync(lun);

    /// <summary>VMs with a process or a disk back-end here.</summary>
    private HashSet<Guid> Writing()
    {
        var found = new HashSet<Guid>();
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), out int pid) && VmProcess.TryParse(VmProcess.CommandLine(pid), _pool.LabId, out _, out Guid uuid))
            {
                found.Add(uuid);
            }
        }

        return found;
    }

    private async Task WriteAsync(int vm, string run)
    {
        byte[] sector = new byte[SanAddress.Sector];
        long number = ++_written;
        _ = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number} {_host} {run} {number}"), sector);
        byte[] cdb = [Write10, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        BinaryPrimitives.WriteInt32BigEndian(cdb.AsSpan(2), SanAddress.SectorOf(vm, _host));
        ScsiAnswer answer = await _session.SendAsync(_san.LunOf(vm), cdb, sector);
        if (answer.Status == LibIscsi.ReservationConflict)
        {
            lock (_tools)
            {
                File.AppendAllText(_refusals, $"{_pool.Vms[vm].Name}\n");
            }
        }
    }

    /// <summary>The disk of a VM that is here.</summary>
    /// <param name="run">Names this run of the VM among all on both hosts.</param>
    private sealed class Disk(string run)
    {
        public string Run => run;

        public Task Write { get; set; } = Task.CompletedTask;
    }
}
