using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Sim.Machine.Iscsi;

namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>
/// A real tgtd, an iSCSI target in user space, on a station of a storage network of its own. It keeps reservations and refuses
/// writes by itself; when it ends it forgets every registration, as a controller does that does not keep them.
/// </summary>
internal sealed class LabSan : IDisposable
{
    private const int Port = 3260;
    private const int LunBytes = 1 << 20;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);

    private readonly string _directory;
    private readonly LabPart _part;

    /// <param name="network">Has the station.</param>
    /// <param name="directory">For the LUNs, the log, and the socket by which it is managed.</param>
    /// <param name="luns">How many.</param>
    public LabSan(LabNetwork network, string directory, int luns)
    {
        _directory = directory;
        Files = Devices(directory, luns);
        foreach (string file in Files)
        {
            File.WriteAllBytes(file, new byte[LunBytes]);
        }

        // The socket by which it is managed has no option, only this variable.
        _part = new LabPart(network.SpaceOf(LabNetwork.SanStation), Path.Combine(directory, "tgtd.log"),
            [LabParts.Require("env"), Socket, LabParts.Require("tgtd"), "--foreground", "--iscsi", "portal=" + Portal]);
    }

    public static string Portal { get; } = string.Create(CultureInfo.InvariantCulture, $"{LabNetwork.SanAddress}:{Port}");

    /// <summary>What each LUN is kept in, LUN 1 first.</summary>
    public ImmutableArray<string> Files { get; }

    private string Socket => "TGT_IPC_SOCKET=" + Path.Combine(_directory, "ipc");

    /// <summary>The names of the devices on both hosts: the same.</summary>
    public static ImmutableArray<string> Devices(string directory, int luns) =>
        [.. Enumerable.Range(1, luns).Select(lun => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"lun{lun}")))];

    /// <summary>Starts it with all LUNs, where it does not run.</summary>
    public void Start()
    {
        _part.Start();
        DateTime limit = DateTime.UtcNow + (ReadyLimit * LabOptions.Patience);
        while (Manage("--mode", "target", "--op", "new", "--tid", "1", "--targetname", SanAddress.Target) is var (code, text) && code != 0)
        {
            if (DateTime.UtcNow > limit)
            {
                throw new LabTimeoutException("tgtd is not ready: " + text);
            }

            Thread.Sleep(20);
        }

        for (int lun = 1; lun <= Files.Length; lun++)
        {
            Add(lun);
        }

        Must("--mode", "target", "--op", "bind", "--tid", "1", "--initiator-address", "ALL");
    }

    /// <summary>A LUN is there, or there again; nobody is registered on it.</summary>
    public void Add(int lun) => Must("--mode", "logicalunit", "--op", "new", "--tid", "1", "--lun", $"{lun}", "--backing-store", Files[lun - 1]);

    /// <summary>A LUN is gone, and what is known of it.</summary>
    public void Remove(int lun) => Must("--mode", "logicalunit", "--op", "delete", "--tid", "1", "--lun", $"{lun}");

    /// <summary>It dies, and forgets all registrations.</summary>
    public void Kill() => _part.Kill();

    public void Freeze() => _part.Freeze();

    public void Thaw() => _part.Thaw();

    public void Dispose() => _part.Dispose();

    private void Must(params string[] words)
    {
        (int code, string text) = Manage(words);
        if (code != 0)
        {
            throw new InvalidOperationException($"tgtadm {string.Join(' ', words)}: {text}");
        }
    }

    private (int Code, string Text) Manage(params string[] words) =>
        Shell.Run(LabParts.Require("env"), [Socket, LabParts.Require("tgtadm"), "--lld", "iscsi", .. words]);
}
