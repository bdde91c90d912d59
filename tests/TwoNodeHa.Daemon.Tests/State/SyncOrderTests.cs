using System.Text;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.State;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Toolstack;

namespace TwoNodeHa.Daemon.Tests.State;

/// <summary>"On disk" is said of what survives a power loss: content before its name, the name before the answer.</summary>
public sealed class SyncOrderTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_state_is_synced_before_its_name_and_the_name_before_the_answer()
    {
        var disk = new Disk(_scratch["state"]);
        var file = new DurableFile(_scratch.Directory, sync: disk);
        file.Write(new DurableState { Version = 1 });
        Assert.Equal(["state.new: whole, not named", "folder: named"], disk.Seen);

        disk.Seen.Clear();
        file.Write(new DurableState { Version = 2 });
        Assert.Equal(["state: whole, named"], disk.Seen);
    }

    [Fact]
    public void A_role_is_synced_before_its_name_and_the_name_before_the_answer()
    {
        var disk = new Disk(_scratch["pool.conf"]);
        new RoleFile(_scratch["pool.conf"], disk).Write("slave:192.0.2.11");
        Assert.Equal(["pool.conf.twonodeha: whole, not named", "folder: named"], disk.Seen);
        Assert.Equal((PoolRole.Slave, "192.0.2.11"), new RoleFile(_scratch["pool.conf"]).Read());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sync_that_fails_is_a_write_that_failed(bool ofTheFolder)
    {
        var disk = new Disk(_scratch["state"]) { FailsOnFolder = ofTheFolder, FailsOnFile = !ofTheFolder };
        Assert.Throws<IOException>(() => new DurableFile(_scratch.Directory, sync: disk).Write(new DurableState { Version = 1 }));
        Assert.Throws<IOException>(() => new RoleFile(_scratch["state"], disk).Write("master"));
    }

    [Fact]
    public void After_a_sync_that_failed_the_slot_that_is_known_to_be_on_disk_stays()
    {
        var disk = new Disk(_scratch["state"]);
        var file = new DurableFile(_scratch.Directory, sync: disk);
        file.Write(new DurableState { Version = 1 });
        file.Write(new DurableState { Version = 2 });
        disk.FailsOnFile = true;
        Assert.Throws<IOException>(() => file.Write(new DurableState { Version = 3 }));
        disk.FailsOnFile = false;
        file.Write(new DurableState { Version = 4 });
        Assert.Contains("\"Version\":2,", Encoding.ASCII.GetString(File.ReadAllBytes(_scratch["state"])), StringComparison.Ordinal);
        Assert.Equal(4, new DurableFile(_scratch.Directory).Read().State!.Version);
    }

    /// <summary>What it left may lie in its slot: two contents of one number could not be told apart.</summary>
    [Fact]
    public void The_number_of_a_write_that_failed_is_not_given_again()
    {
        var disk = new Disk(_scratch["state"]);
        var file = new DurableFile(_scratch.Directory, sync: disk);
        file.Write(new DurableState { Version = 1 });
        file.Write(new DurableState { Version = 2 });
        var before = Newest();
        disk.FailsOnFile = true;
        Assert.Throws<IOException>(() => file.Write(new DurableState { Version = 3 }));
        disk.FailsOnFile = false;
        file.Write(new DurableState { Version = 4 });
        Assert.Equal(before + 2, Newest());

        long Newest() => StateSlots.Parse(File.ReadAllBytes(_scratch["state"])).Newest!.Value.Sequence;
    }

    /// <summary>Notes at each sync what a power loss would leave.</summary>
    private sealed class Disk(string named) : DiskSync
    {
        public List<string> Seen { get; } = [];

        public bool FailsOnFile { get; set; }

        public bool FailsOnFolder { get; set; }

        public override void File(FileStream file)
        {
            if (FailsOnFile)
            {
                throw new IOException("no space left on device");
            }

            base.File(file);
            var whole = file.Position > 0 && file.Length >= file.Position;
            Seen.Add($"{Path.GetFileName(file.Name)}: {(whole ? "whole" : "torn")}, {(System.IO.File.Exists(named) ? "named" : "not named")}");
        }

        public override void Folder(string directory)
        {
            if (FailsOnFolder)
            {
                throw new IOException("input/output error");
            }

            base.Folder(directory);
            Seen.Add($"folder: {(System.IO.File.Exists(named) ? "named" : "not named")}");
        }
    }
}
