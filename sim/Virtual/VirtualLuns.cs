using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The LUNs of the shared repositories, with SCSI-3 persistent reservations as SPC-4 has them: who is registered, who holds the reservation
/// "write exclusive, registrants only", and whose writes are refused. Each VM has its disk on one of them and writes once a second.
/// Writes are not counted in quiet time that is left out: who wrote or was refused in it did so before.
/// </summary>
public sealed class VirtualLuns
{
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan BetweenWrites = TimeSpan.FromSeconds(1);

    private readonly VirtualWorld _world;
    private readonly bool[][] _registered;
    private readonly int[][] _nexus;
    private readonly int[] _holder;

    internal VirtualLuns(VirtualWorld world, HaConfig config)
    {
        _world = world;
        Count = config.Policy.UsesReservation ? config.Storage.ReservedLuns.Length : 0;
        _registered = [.. Enumerable.Range(0, Count).Select(_ => new bool[2])];
        _nexus = [.. Enumerable.Range(0, Count).Select(_ => new int[2])];
        _holder = [.. Enumerable.Repeat(-1, Count)];
        Unreadable = new bool[Math.Max(Count, ReservationRules.LunsMax)];
        if (Count > 0)
        {
            world.Scheduler.After(BetweenWrites, Write);
        }
    }

    /// <summary>How many; 0 where the site reserves nothing.</summary>
    public int Count { get; }

    /// <summary>Per LUN: it answers no command about reservations. Writes go on.</summary>
    public bool[] Unreadable { get; }

    /// <summary>Each command takes that much longer each way.</summary>
    public TimeSpan Lag { get; set; }

    /// <summary>Writes of the VMs that were carried out, by host.</summary>
    public int[] Accepted { get; } = new int[2];

    /// <summary>Writes that ended with RESERVATION CONFLICT, by host.</summary>
    public int[] Refused { get; } = new int[2];

    /// <summary>Times at which the same disk was written by both hosts within one second.</summary>
    public int WrittenTwice { get; private set; }

    /// <summary>Not all of it works as it should.</summary>
    public bool InDoubt => Lag > TimeSpan.Zero || Unreadable.Contains(true);

    public void Heal()
    {
        Lag = TimeSpan.Zero;
        Array.Fill(Unreadable, false);
    }

    /// <summary>Another controller goes on that knows of no registration (no APTPL, or not kept): everybody may write.</summary>
    public void Forget()
    {
        for (var lun = 0; lun < Count; lun++)
        {
            Array.Fill(_registered[lun], false);
            _holder[lun] = -1;
        }
    }

    /// <summary>A controller goes on with an old copy of the registrations: the key of a host that was preempted is there again.</summary>
    public void Recall(int host)
    {
        for (var lun = 0; lun < Count; lun++)
        {
            (_registered[lun][host], _nexus[lun][host]) = (true, _world.Hosts[host].Life);
        }
    }

    /// <summary>This host's writes to a LUN are carried out. A registration belongs to a path (I_T nexus), and a boot makes new ones.</summary>
    public bool Accepts(int host, int lun) => _holder[lun] < 0 || (_registered[lun][host] && _nexus[lun][host] == _world.Hosts[host].Life);

    /// <summary>It may write everywhere. A host whose keys were taken away cannot know by itself that the one which did that has died.</summary>
    internal bool HasKeys(int host) => Enumerable.Range(0, Count).All(lun => _registered[lun][host] || _holder[lun] < 0);

    /// <summary>Everything that decides what a LUN answers and accepts, as one number.</summary>
    internal long Standing(int lun)
    {
        var standing = (long)_holder[lun] + 1;
        for (var host = 0; host < 2; host++)
        {
            standing = (4 * standing) + (_registered[lun][host] ? 1 : 0) + (_nexus[lun][host] == _world.Hosts[host].Life ? 2 : 0);
        }

        return standing;
    }

    /// <summary>A reading of the host would say what it says in <paramref name="known"/>.</summary>
    internal bool IsCurrent(VirtualHost host, ImmutableArray<LunFact> known)
    {
        for (var lun = 0; lun < Count; lun++)
        {
            if (known.Length != Count || known[lun] != Fact(host, lun))
            {
                return false;
            }
        }

        return true;
    }

    internal async Task<(ActionOutcome Outcome, string Code, string Detail)> ReadAsync(VirtualHost host, TimeSpan bound, Action<Observation> post)
    {
        var (asked, life) = (host.LocalNow, host.Life);
        await _world.Scheduler.Delay(OneWay + Lag).ConfigureAwait(false);
        var luns = Enumerable.Range(0, Count).Select(lun => Fact(host, lun)).ToImmutableArray();
        await _world.Scheduler.Delay(OneWay + Lag).ConfigureAwait(false);
        if (host.Life != life)
        {
            return (ActionOutcome.Unknown, "TRANSPORT", "the host that asked is gone");
        }

        // What hangs is given up at the bound, and the others are told then.
        var late = host.LocalNow - asked >= bound;
        if (!late && luns.Any(lun => !lun.Readable))
        {
            await _world.Scheduler.Delay(bound - (host.LocalNow - asked)).ConfigureAwait(false);
        }

        post(new Observation.ReservationsRead(asked, late ? [.. luns.Select(_ => LunFact.Unread)] : luns));
        return (ActionOutcome.Succeeded, "", "");
    }

    internal async Task<(ActionOutcome Outcome, string Code, string Detail)> RegisterAsync(VirtualHost host, HaAction.RegisterKeys order, Action<Observation> post)
    {
        foreach (var lun in order.Luns)
        {
            await _world.Scheduler.Delay((OneWay + Lag) * 2).ConfigureAwait(false);
            if (Reaches(host, lun))
            {
                (_registered[lun][host.Index], _nexus[lun][host.Index]) = (true, host.Life);
                _holder[lun] = _holder[lun] < 0 ? host.Index : _holder[lun];
                _world.Log("storage", $"LUN {lun + 1}: {host.Name} is registered");
            }
        }

        return await ReadAsync(host, TimeSpan.FromSeconds(1), post).ConfigureAwait(false);
    }

    internal async Task<(ActionOutcome Outcome, string Code, string Detail)> PreemptAsync(VirtualHost host, Action<Observation> post)
    {
        var (life, trouble) = (host.Life, "");
        for (var lun = 0; lun < Count && trouble.Length == 0; lun++)
        {
            if (host.Daemon?.State.Pending.Has(Purpose.PreemptPeer) != true)
            {
                trouble = "the reason for the order is gone";
                break;
            }

            await _world.Scheduler.Delay((OneWay + Lag) * 2).ConfigureAwait(false);
            if (host.Life != life)
            {
                return (ActionOutcome.Unknown, "TRANSPORT", "the host that asked is gone");
            }

            trouble = !Reaches(host, lun) ? $"LUN {lun + 1} does not answer" : Preempt(host, lun);
        }

        _ = await ReadAsync(host, TimeSpan.FromSeconds(1), post).ConfigureAwait(false);
        return trouble.Length == 0 ? (ActionOutcome.Succeeded, "", "") : (ActionOutcome.Failed, "RESERVATION", trouble);
    }

    private string Preempt(VirtualHost host, int lun)
    {
        var (own, peer) = (host.Index, 1 - host.Index);
        if (!_registered[lun][own] || _nexus[lun][own] != host.Life)
        {
            return $"LUN {lun + 1} refuses: this host's path is not registered";
        }

        if (_registered[lun][peer])
        {
            _world.Log("storage", $"LUN {lun + 1}: {host.Name} takes the key of {_world.Hosts[peer].Name} away");
        }

        // The key that is taken away takes a reservation of its own with it; the preempting one has it then.
        (_registered[lun][peer], _holder[lun]) = (false, own);
        return "";
    }

    private LunFact Fact(VirtualHost host, int lun) => !Reaches(host, lun) ? LunFact.Unread : new LunFact(
        true, _registered[lun][host.Index], _registered[lun][1 - host.Index], 0,
        _holder[lun] < 0 ? LunReservation.None : LunReservation.WriteExclusiveRegistrants);

    private bool Reaches(VirtualHost host, int lun) => !host.StorageLost && !Unreadable[lun];

    private void Write()
    {
        for (var vm = 0; vm < _world.Pool.Vms.Count; vm++)
        {
            var (lun, uuid, wrote) = (vm % Count, _world.Pool.Vms[vm].Uuid, 0);
            foreach (var host in _world.Hosts.Where(host => !host.StorageLost && host.Domains.IsWriting(uuid)))
            {
                var accepted = Accepts(host.Index, lun);
                (accepted ? Accepted : Refused)[host.Index]++;
                wrote += accepted ? 1 : 0;
            }

            WrittenTwice += wrote > 1 ? 1 : 0;
        }

        _world.Scheduler.After(BetweenWrites, Write);
    }
}
