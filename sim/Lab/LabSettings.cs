using System.Globalization;
using System.Security.Cryptography;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Sim.Lab.Parts;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// Everything that is written before the hosts boot: the pool, the key, and the configuration of each daemon. Both
/// configurations agree in all shared values; only their paths differ, because both hosts live on one file system.
/// </summary>
internal sealed class LabSettings
{
    private readonly LabOptions _options;
    private readonly LabFolder _folder;

    private LabSettings(LabOptions options, LabFolder folder) => (_options, _folder) = (options, folder);

    private string DiskFile => Path.Combine(_folder.Path, "disk");

    private string BoardSecretFile => Path.Combine(_folder.Path, "board.secret");

    private string PoolFile => Path.Combine(_folder.Path, "pool.json");

    public static LabSettings WriteAll(LabOptions options, string labId, LabFolder folder)
    {
        var settings = new LabSettings(options, folder);
        PoolDefinition pool = settings.Pool(labId);
        string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        if (options.Boards)
        {
            OwnersFile.Write(settings.BoardSecretFile, settings.BoardSecret + "\n");
        }

        if (options.Luns > 0)
        {
            Directory.CreateDirectory(settings.SanDirectory);
        }

        if (options.Arbiter)
        {
            Directory.CreateDirectory(settings.EtcdDirectory);
        }

        File.WriteAllText(settings.PoolFile, pool.ToJson());
        File.WriteAllBytes(settings.DiskFile, new byte[DiskSlot.DiskBytes]);
        foreach (HostDefinition host in pool.Hosts)
        {
            Directory.CreateDirectory(folder.Of(host.Name));
            OwnersFile.Write(Path.Combine(folder.Of(host.Name), "key"), key + "\n");
            OwnersFile.WriteProgram(Path.Combine(folder.Of(host.Name), "block-peer"), HostFirewall.Script(folder.Of(host.Name)));
            File.WriteAllText(settings.StorageProbeOf(host.Name), "storage\n");
            File.WriteAllText(settings.ConfigOf(host.Name), settings.ConfigText(pool, folder.Of(host.Name)));
        }

        return settings;
    }

    /// <summary>Password of the boards' user; IPMI takes 16 bytes.</summary>
    public string BoardSecret { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    /// <summary>Where etcd and the certificates are.</summary>
    public string EtcdDirectory => Path.Combine(_folder.Path, "etcd");

    /// <summary>Where the LUNs are: the files that stand for the devices are those that tgtd writes to.</summary>
    public string SanDirectory => Path.Combine(_folder.Path, "san");

    public string ConfigOf(string host) => Path.Combine(_folder.Of(host), "ha.conf");

    /// <summary>The file that stands for the storage as this host reaches it.</summary>
    public string StorageProbeOf(string host) => Path.Combine(_folder.Of(host), "storage-probe");

    public string ControlSocketOf(string host) => Path.Combine(_folder.Of(host), "control.sock");

    /// <summary>Process 1 of a host.</summary>
    public string[] CommandOf(string host)
    {
        string directory = _folder.Of(host);
        string restart = _options.DaemonRestarts ? "0.1" : "never";
        string[] node =
        [
            .. Repository.Sim, "node", "--name", host, "--dir", directory, "--shared", Path.Combine(_folder.Path, "shared"),
            "--first-process", Path.Combine(directory, "run"), "--config", PoolFile, "--timings", _options.Toolstack, "--daemon-restart", restart,
            .. _options.Luns > 0 ? (string[])["--san", LabSan.Portal, "--luns", $"{_options.Luns}"] : [],
        ];
        string[] daemon = _options.WithDaemons
            ? ["--boot-guard", string.Join(' ', [.. Repository.Ctl, "guard", "--config", ConfigOf(host)]), "--daemon", .. Repository.Daemon, "--config", ConfigOf(host), "--self", host]
            : [];
        return [.. node, .. daemon];
    }

    private PoolDefinition Pool(string labId) => PoolDefinition.Parse((new PoolDefinition
    {
        LabId = labId,
        Hosts = [HostOf("a"), HostOf("b")],
        Vms = [.. Enumerable.Range(1, _options.Vms).Select(VmOf)],
    }).ToJson());

    /// <summary>Each host has room for all VMs and its own needs.</summary>
    private HostDefinition HostOf(string name)
    {
        var host = new HostDefinition { Name = name, Address = LabNetwork.Address(name) };
        return host with { MemoryMib = Math.Max(host.MemoryMib, 2048L * _options.Vms) };
    }

    private static VmDefinition VmOf(int number) => new()
    {
        Name = "vm" + number.ToString(CultureInfo.InvariantCulture),
        RunningOn = number % 2 == 1 ? "a" : "b",
        HaRestartPriority = "restart",
        Order = number,
    };

    private string ConfigText(PoolDefinition pool, string directory)
    {
        HostDefinition a = pool.Host("a");
        HostDefinition b = pool.Host("b");
        string crossover = _options.Crossover
            ? $"\n[link crossover]\na = {LabNetwork.CrossoverAddress("a")}\nb = {LabNetwork.CrossoverAddress("b")}\n"
            : "";
        string disk = _options.Disk ? $"\n[link disk]\ndisk = {DiskFile}\n" : "";
        string storage = _options.StorageProbes || _options.Luns > 0 ? "\n[storage]\n" : "";
        storage += _options.Luns > 0 ? $"reservation = {string.Join(", ", LabSan.Devices(SanDirectory, _options.Luns))}\n" : "";
        storage += _options.StorageProbes
            ? $"probe = {directory}/storage-probe\nprobe_interval_seconds = 0.5\nprobe_timeout_seconds = 3\non_storage_loss = fence\n" : "";
        string boards = _options.Boards ? LabBoard.Section("a", BoardSecretFile) + LabBoard.Section("b", BoardSecretFile) : "";
        string arbiter = _options.Arbiter ? LabArbiter.Section(EtcdDirectory, _options.ArbiterMembers) : "";
        return $"""
            profile = {_options.Profile}

            [host a]
            uuid = {a.Uuid}
            address = {a.Address}

            [host b]
            uuid = {b.Uuid}
            address = {b.Address}

            [link mgmt]
            a = {a.Address}
            b = {b.Address}
            {crossover}{disk}{storage}{boards}{arbiter}
            [gateway]
            addresses = {LabNetwork.Gateway}

            [policy]
            {string.Join('\n', _options.Policy)}

            [watchdog]
            device = socket:{directory}/watchdog.sock

            [paths]
            key_file = {directory}/key
            state_directory = {directory}/state
            run_directory = {directory}/run
            control_socket = {directory}/control.sock
            xapi_socket = {directory}/xapi.sock
            pool_role_file = {directory}/pool.conf
            init_complete_cookie = {directory}/init-complete.cookie
            inventory_file = {directory}/xensource-inventory

            [tools]
            list_domains = {directory}/bin/list_domains
            destroy_domain = {directory}/bin/xl destroy
            list_backends = {directory}/bin/xenstore-ls -f /local/domain/0/backend
            kill_toolstack = {directory}/bin/systemctl kill -s KILL xapi xenopsd-xc
            stop_toolstack = {directory}/bin/systemctl stop xapi xenopsd-xc
            start_toolstack = {directory}/bin/systemctl start xapi
            release_locks = {directory}/bin/resetvdis.py
            block_peer = {directory}/block-peer
            reset_host = {directory}/bin/reset-host
            power_off_host = {directory}/bin/reset-host
            reservations = {directory}/bin/sg_persist

            """;
    }
}
