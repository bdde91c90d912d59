using TwoNodeHa.Core.Contract;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <content>
/// The operator's word. A false one excuses the one takeover that it causes, and what that takeover does until no VM is double
/// any more; the judge goes on with everything else, and counts how long VMs were double.
/// </content>
public sealed partial class PromiseChecker
{
    /// <summary>A word is about one death: used at once, or gone.</summary>
    private static readonly TimeSpan WordAtOnce = TimeSpan.FromSeconds(30);

    private TimeSpan _linksChanged;
    private (int Host, TimeSpan At)? _falseWord;
    private long _excusedEpoch = -1;
    private bool _excusing;
    private TimeSpan? _doubleSince;
    private TimeSpan _doubleFor;

    /// <summary>How long some VM ran or wrote on both hosts, all times together.</summary>
    public TimeSpan DoubleTime => _doubleFor + (_doubleSince is { } since ? world.Elapsed - since : TimeSpan.Zero);

    /// <summary>A path between the hosts came or went.</summary>
    public void LinksChanged()
    {
        _linksChanged = world.Elapsed;
        Disturbed();
        GatewayChanged();
    }

    /// <summary>S6: the operator said that the peer is dead; a kernel that answers is evidence against it.</summary>
    public void OperatorVouched(VirtualHost host, bool accepted)
    {
        var peer = world.Hosts[1 - host.Index];
        if (!accepted || !peer.PoweredOn)
        {
            return;
        }

        var answers = Enumerable.Range(0, world.Network.Links).Any(link => world.Network.Carries(link, 0) && world.Network.Carries(link, 1));
        if (answers && world.Elapsed - _linksChanged > host.Config.Config.Timing.Lease)
        {
            Broken("S6", $"{host.Name} takes the operator's word that {peer.Name} is dead although its kernel answers");
        }

        _falseWord = (host.Index, world.Elapsed);
    }

    private void UseWord(VirtualHost by, TakeoverJournal journal)
    {
        if (journal.Rule == TakeoverRule.Operator && _falseWord is { } word && word.Host == by.Index && world.Elapsed - word.At <= WordAtOnce)
        {
            (_falseWord, _excusedEpoch, _excusing) = (null, journal.Epoch, true);
        }
    }

    private bool ExcusedByWord()
    {
        if (_excusing)
        {
            Pass("a takeover on the operator's false word");
        }

        return _excusing;
    }

    private void BeginDouble() => _doubleSince ??= world.Elapsed;

    private void EndDouble(bool both)
    {
        if (both)
        {
            return;
        }

        if (_doubleSince is { } since)
        {
            _doubleFor += world.Elapsed - since;
            _doubleSince = null;
        }

        // The excuse ends with the takeover, its double runs and its double mastership.
        if (_excusing && !world.Hosts.Any(host => host.StateFile?.Takeover?.Epoch == _excusedEpoch)
            && _masterSince.Count(since => since is not null) < 2)
        {
            _excusing = false;
        }
    }
}
