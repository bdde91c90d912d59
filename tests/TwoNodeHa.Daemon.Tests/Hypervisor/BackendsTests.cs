using System.Collections.Immutable;
using System.Diagnostics;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Hypervisor;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Hypervisor;

public sealed class BackendsTests
{
    private const string Sr = "/run/sr-mount/8d6a0d7f-96a2-4a0b-9bbf-7e1c3b0f5a11";
    private const string Vdi = "4e0e1b8c-7f0a-4a55-8f43-5a1ad1c7a001";

    [Fact]
    public void Only_live_back_ends_are_found_each_by_its_kind()
    {
        using var proc = new FakeProc();
        proc.Process(1, "systemd").Process(100, "tapdisk", start: 7).Process(101, "tapdisk2", "D").Process(102, "tapdisk", "Z")
            .Process(103, "tapdisk-notme").Process(104, "qemu-system-i38", arguments: ["qemu-dm-5", "-machine", "xenfv"])
            .Process(105, "qemu-system-i38", arguments: ["/usr/lib64/xen/bin/qemu", "-xen-domid", "6"])
            .Process(106, "vhd-util", "R").Process(107, "python3", arguments: ["/usr/bin/python3", "/opt/xensource/sm/cleanup.py", "-u", "x", "-g"])
            .Process(108, "python3", arguments: ["/usr/bin/python3", "/usr/bin/backup"]).Process(109, "odd ) S 1 (name")
            .Process(112, "qemu-img", arguments: ["/usr/bin/qemu-img", "commit", "x.qcow2"]).Process(113, "qemu-ga");
        Directory.CreateDirectory(Path.Combine(proc.Directory, "110"));
        File.WriteAllText(Path.Combine(proc.Directory, "111"), "a file");
        var found = new Backends(proc.Directory).Scan();
        Assert.Equal(
            [
                (100, BackendKind.Tapdisk, 0), (101, BackendKind.Tapdisk, 0), (104, BackendKind.DeviceModel, 5),
                (105, BackendKind.DeviceModel, 6), (106, BackendKind.StorageCollector, 0), (107, BackendKind.StorageCollector, 0),
                (112, BackendKind.StorageCollector, 0),
            ],
            found.Select(backend => (backend.Pid, backend.Kind, backend.Domid)));
        Assert.Equal(7, found[0].StartTicks);
        Assert.All(found, backend => Assert.True(backend.IsWriter));
    }

    public static TheoryData<string, string, string, bool, bool> Images => new()
    {
        // Where the image lies, on what, how it is open; shared?, written?
        { $"{Sr}/{Vdi}.vhd", "nfs", "0140002", true, true },
        { $"{Sr}/{Vdi}.vhd", "nfs4", "0140000", true, false },
        { $"{Sr}/{Vdi}.vhd", "ext4", "0140002", false, true },
        { $"{Sr}/{Vdi}.vhd", "gfs2", "0140001", true, true },
        { $"/dev/VG_XenStorage-1/VHD-{Vdi}", "ext4", "0140002", true, true },
        { $"{Sr}/{Vdi}.iso", "cifs", "0100000", true, false },
        { $"{Sr}/{Vdi}.vhd", "nfs", "garbled", true, true },
    };

    [Theory]
    [MemberData(nameof(Images))]
    public void What_a_tapdisk_has_open_tells_where_it_writes(string image, string kind, string flags, bool shared, bool writes)
    {
        using var proc = new FakeProc();
        proc.Mounted(("/", "ext4"), (Sr, kind)).Process(100, "tapdisk").Opens(100, 0, "/dev/null", "0100002")
            .Opens(100, 3, "socket:[77]", "02").Opens(100, 5, "/dev/xen/gntdev", "02").Opens(100, 9, image, flags);
        var found = Assert.Single(new Backends(proc.Directory).Scan());
        Assert.Equal((shared, writes, Guid.Parse(Vdi)), (found.MayBeShared, found.MayWrite, found.Vdi));
    }

    [Fact]
    public void Without_a_look_into_its_files_a_tapdisk_counts_as_a_writer_on_shared_storage()
    {
        using var proc = new FakeProc();
        proc.Process(100, "tapdisk").Process(101, "tapdisk").Opens(101, 9, $"{Sr}/{Vdi}.vhd", "0140000");
        Directory.Delete(Path.Combine(proc.Directory, "100/fd"));
        Assert.All(new Backends(proc.Directory).Scan(), backend => Assert.True(backend.IsWriter));
    }

    [Fact]
    public void What_xenstore_told_once_is_kept_for_the_life_of_the_process_and_no_longer()
    {
        using var proc = new FakeProc();
        proc.Process(100, "tapdisk", start: 7).Process(200, "tapdisk", start: 8).Process(300, "tapdisk", start: 9);
        var backends = new Backends(proc.Directory);
        var owners = new BackendOwners();
        owners.Learn(
            $"""
            /local/domain/0/backend/vbd3/5/51712/kthread-pid = "100"
            /local/domain/0/backend/vbd3/5/51712/sm-data/vdi-uuid = "{Vdi}"
            /local/domain/0/backend/vbd3/0/51728/kthread-pid = "200"
            /local/domain/0/backend/vbd3/6/51712/kthread-pid = "soon"
            a line that is none
            """,
            backends.Scan());
        Assert.Equal(
            [(BackendOwner.Guest, 5, Guid.Parse(Vdi)), (BackendOwner.ControlDomain, 0, Guid.Empty), (BackendOwner.Unknown, 0, Guid.Empty)],
            owners.Attribute(backends.Scan()).Select(backend => (backend.Owner, backend.Domid, backend.Vdi)));

        // The domain is gone and so is its part of xenstore; the process stays.
        owners.Learn("", backends.Scan());
        Assert.Equal(BackendOwner.Guest, owners.Attribute(backends.Scan())[0].Owner);

        // The same pid, given out again.
        proc.End(100);
        proc.Process(100, "tapdisk", start: 70);
        Assert.Equal(BackendOwner.Unknown, owners.Attribute(backends.Scan())[0].Owner);
    }

    [Fact]
    public async Task Success_means_that_every_process_is_gone()
    {
        using var one = Sleep();
        using var other = Sleep();
        var left = await new Backends().EndAsync([Fact(one), Fact(other)], Eventually.Ceiling);
        Assert.Empty(left);

        // Gone by the kernel; this runtime hears of the end of its children a moment later.
        Assert.True(one.WaitForExit(Eventually.Ceiling) && other.WaitForExit(Eventually.Ceiling));
    }

    [Fact]
    public async Task A_process_that_is_not_gone_at_the_deadline_is_given_back()
    {
        using var proc = new FakeProc();
        proc.Process(int.MaxValue, "tapdisk", "D", start: 3);
        var stuck = new BackendFact(int.MaxValue, BackendKind.Tapdisk) { StartTicks = 3 };
        Assert.Equal([stuck], await new Backends(proc.Directory).EndAsync([stuck], TimeSpan.FromMilliseconds(50)));
        proc.Process(int.MaxValue, "qemu-dm-5", "Z", start: 3, threads: 2);
        Assert.Equal([stuck], await new Backends(proc.Directory).EndAsync([stuck], TimeSpan.FromMilliseconds(50)));
        proc.Process(int.MaxValue, "tapdisk", "Z", start: 3);
        Assert.Empty(await new Backends(proc.Directory).EndAsync([stuck], TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task A_pid_that_was_given_out_again_is_left_alone()
    {
        using var innocent = Sleep();
        var fact = Fact(innocent);
        Assert.Empty(await new Backends().EndAsync([fact with { StartTicks = fact.StartTicks - 1 }], Eventually.Ceiling));

        // By the kernel: this runtime hears of the end of its children a moment later, and would call a killed one alive.
        Assert.True(ProcessEntry.Read("/proc", innocent.Id) is { IsZombie: false });
        innocent.Kill();
    }

    private static Process Sleep() => Process.Start("/bin/sleep", "60");

    private static BackendFact Fact(Process process) => new(process.Id, BackendKind.Tapdisk)
    {
        StartTicks = ProcessEntry.Read("/proc", process.Id)!.StartTicks,
    };
}
