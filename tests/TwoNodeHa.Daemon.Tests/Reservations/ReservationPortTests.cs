using System.Diagnostics;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Reservations;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Tests.Reservations;

/// <summary>
/// The orders to the LUNs against a scripted <c>sg_persist</c>: a file for each LUN holds its keys, another one its reservation, and a third all that it was asked.
/// </summary>
public sealed class ReservationPortTests : IDisposable
{
    private const string Script = """
        lun=$(eval echo \${$#}); rk=; sark=; what=
        for word in "$@"; do case $word in
          --param-rk=*) rk=${word#*=} ;; --param-sark=*) sark=${word#*=} ;;
          --read-keys|--read-reservation|--register-ignore|--reserve|--preempt|--preempt-abort) what=$word ;;
        esac; done
        [ -e "$lun.hangs" ] && exec sleep 30
        [ $what != --read-keys ] && [ $what != --read-reservation ] && echo "$what $sark" >> "$lun.asked"
        if [ -e "$lun.attention" ]; then rm "$lun.attention"; exit 6; fi
        touch "$lun.keys"
        case $what in
          --read-keys)
            count=$(grep -c . "$lun.keys")
            if [ "$count" = 0 ]; then echo "  PR generation=0x1, there are NO registered reservation keys"; exit 0; fi
            [ "$count" = 1 ] && echo "  PR generation=0x1, 1 registered reservation key follows:" || echo "  PR generation=0x1, $count registered reservation keys follow:"
            sed 's/^/    /' "$lun.keys" ;;
          --read-reservation)
            if [ -e "$lun.held" ]; then printf '  PR generation=0x1, Reservation follows:\n    Key=0x1\n    scope: LU_SCOPE,  type: Write Exclusive, registrants only\n'
            else echo "  PR generation=0x1, there is NO reservation held"; fi ;;
          --register-ignore) grep -qx "$sark" "$lun.keys" || echo "$sark" >> "$lun.keys" ;;
          --reserve) grep -qx "$rk" "$lun.keys" || exit 24; touch "$lun.held" ;;
          --preempt*)
            [ $what = --preempt-abort ] && [ -e "$lun.poor" ] && exit 5
            grep -qx "$rk" "$lun.keys" && grep -qx "$sark" "$lun.keys" || exit 24
            grep -vx "$sark" "$lun.keys" > "$lun.new"; mv "$lun.new" "$lun.keys" ;;
        esac
        """;

    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();
    private readonly LocalConfig _config;
    private readonly ReservationPort _port;
    private bool _stands = true;

    public ReservationPortTests()
    {
        File.WriteAllText(_scratch["sg_persist.sh"], Script);
        var config = Samples.Config();
        _config = new LocalConfig(config with { Storage = config.Storage with { ReservedLuns = [_scratch["one"], _scratch["two"]] } }, 0);
        _port = new ReservationPort(_config, new PersistTool(new ToolRunner(), $"/bin/sh {_scratch["sg_persist.sh"]}"), new BootClock(), _sink, _ => _stands);
    }

    public void Dispose() => _scratch.Dispose();

    private string Own => Key(0);

    private string Peer => Key(1);

    private LunFact[] Luns => [.. _sink.Of<Observation.ReservationsRead>().Last().Luns];

    [Fact]
    public async Task Registered_is_reserved_and_read_back()
    {
        var finished = await OrderAsync(new HaAction.RegisterKeys([0, 1]));
        Assert.Equal((7, ActionOutcome.Succeeded), (finished.Id, finished.Outcome));
        Assert.All(Luns, lun => Assert.True(lun is { IsHeld: true, Peer: false, Others: 0 }));
        Assert.Equal([$"--register-ignore {Own}", "--reserve "], Asked("one"));
    }

    [Fact]
    public async Task Only_the_luns_of_the_order_are_touched()
    {
        await OrderAsync(new HaAction.RegisterKeys([1]));
        Assert.Empty(Asked("one"));
        Assert.True(Luns is [{ IsBlank: true }, { Own: true }]);
    }

    [Fact]
    public async Task The_peers_key_is_taken_from_every_lun_in_their_order()
    {
        Hold("one", Own, Peer);
        Hold("two", Own, Peer);
        Assert.Equal(ActionOutcome.Succeeded, (await OrderAsync(new HaAction.PreemptPeer())).Outcome);
        Assert.All(Luns, lun => Assert.True(lun.IsExclusive));
    }

    [Fact]
    public async Task From_a_target_that_cannot_end_what_is_under_way_it_is_only_taken()
    {
        Hold("one", Own, Peer);
        Hold("two", Own, Peer);
        File.WriteAllText(_scratch["one"] + ".poor", "");
        Assert.Equal(ActionOutcome.Succeeded, (await OrderAsync(new HaAction.PreemptPeer())).Outcome);
        Assert.All(Luns, lun => Assert.True(lun.IsExclusive));
        Assert.Equal([$"--preempt-abort {Peer}", $"--preempt {Peer}"], Asked("one"));
        Assert.Equal([$"--preempt-abort {Peer}"], Asked("two"));
    }

    /// <summary>Two that begin at different ends would each win one: then nobody could go on.</summary>
    [Fact]
    public async Task Who_lost_the_first_lun_touches_no_other()
    {
        Hold("one", Peer);
        Hold("two", Own, Peer);
        var finished = await OrderAsync(new HaAction.PreemptPeer());
        Assert.Equal(ActionOutcome.Failed, finished.Outcome);
        Assert.Contains("this host's key is not registered", finished.Detail, StringComparison.Ordinal);
        Assert.Empty(Asked("two"));
        Assert.True(Luns is [{ Own: false, Peer: true }, { Own: true, Peer: true }]);
    }

    [Fact]
    public async Task A_withdrawn_order_touches_nothing()
    {
        Hold("one", Own, Peer);
        _stands = false;
        Assert.Equal(ActionOutcome.Failed, (await OrderAsync(new HaAction.PreemptPeer())).Outcome);
        Assert.Empty(Asked("one"));
    }

    [Fact]
    public async Task A_lun_that_hangs_delays_no_other_one()
    {
        Hold("one", Own, Peer);
        File.WriteAllText(_scratch["two"] + ".hangs", "");
        var started = Stopwatch.GetTimestamp();
        await _port.RunAsync(new Command.Act(7, new HaAction.ReadReservations(), TimeSpan.FromSeconds(2)));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
        Assert.True(Luns is [{ Own: true, Peer: true }, { Readable: false }]);
    }

    [Fact]
    public async Task What_a_target_tells_once_is_asked_for_again()
    {
        Hold("one", Own, Peer);
        File.WriteAllText(_scratch["one"] + ".attention", "");
        await OrderAsync(new HaAction.ReadReservations());
        Assert.True(Luns[0] is { Own: true, Peer: true });
    }

    [Fact]
    public async Task A_reading_counts_from_before_the_question()
    {
        var before = new BootClock().Now;
        await OrderAsync(new HaAction.ReadReservations());
        var read = Assert.Single(_sink.Of<Observation.ReservationsRead>());
        Assert.True(read.AskedAt >= before && read.AskedAt <= new BootClock().Now);
    }

    [Fact]
    public async Task The_test_names_keys_of_neither_host_and_devices_that_are_not_there()
    {
        var prober = new ReservationProber(_config, new PersistTool(new ToolRunner(), $"/bin/sh {_scratch["sg_persist.sh"]}"), _sink);
        Assert.Contains("no such device", (await prober.TestAsync(_scratch["one"])).Detail, StringComparison.Ordinal);

        File.WriteAllText(_scratch["one"], "");
        Hold("one", Own, "0xabc");
        var foreign = await prober.TestAsync(_scratch["one"]);
        Assert.False(foreign.Works);
        Assert.Contains("0xabc", foreign.Detail, StringComparison.Ordinal);

        Hold("one", Own, Peer);
        var well = await prober.TestAsync(_scratch["one"]);
        Assert.True(well.Works);
        Assert.StartsWith("both hosts are registered", well.Detail, StringComparison.Ordinal);
        Assert.EndsWith("it ends what a host has under way whose key is taken away", well.Detail, StringComparison.Ordinal);
        Assert.Equal(2, File.ReadAllLines(_scratch["one"] + ".keys").Length);

        Hold("two", Own);
        File.WriteAllText(_scratch["two"], "");
        File.WriteAllText(_scratch["two"] + ".poor", "");
        Assert.Contains("A6 stays an assumption", (await prober.TestAsync(_scratch["two"])).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_multipath_device_is_registered_by_each_path_below_it()
    {
        Directory.CreateDirectory(_scratch["class/block/dm-3/slaves/sdc"]);
        Directory.CreateDirectory(_scratch["class/block/dm-3/slaves/sdb"]);
        File.WriteAllText(_scratch["dm-3"], "");
        File.CreateSymbolicLink(_scratch["mpatha"], _scratch["dm-3"]);
        Assert.Equal(["/dev/sdb", "/dev/sdc"], LunPaths.Of(_scratch["mpatha"], _scratch["."]));
        Assert.Equal([_scratch["sda"]], LunPaths.Of(_scratch["sda"], _scratch["."]));
    }

    private Task<Observation.ActionFinished> OrderAsync(HaAction action) => _port.RunAsync(new Command.Act(7, action, TimeSpan.FromSeconds(30)));

    private string Key(int host) => PersistTool.Hex(ReservationRules.KeyOf(_config.Config, host));

    private string[] Asked(string lun) => File.Exists(_scratch[lun] + ".asked") ? File.ReadAllLines(_scratch[lun] + ".asked") : [];

    private void Hold(string lun, params string[] keys)
    {
        File.WriteAllText(_scratch[lun] + ".keys", string.Concat(keys.Select(key => string.Create(CultureInfo.InvariantCulture, $"{key}\n"))));
        File.WriteAllText(_scratch[lun] + ".held", "");
    }
}
