using System.Globalization;
using TwoNodeHa.Core.Operator;
using TwoNodeHa.Daemon.Journal;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>
/// Keeps messages rare: one of a meaning (name, object, sentence without its numbers) an hour, and so many in an hour altogether. What is left out
/// is counted, and said by the next one that passes. Not thread-safe.
/// </summary>
internal sealed class MessageBook
{
    /// <summary>The same is not told again for so long.</summary>
    public const long SameMs = 60 * 60_000;

    /// <summary>So many messages pass in an hour, whatever they mean.</summary>
    public const int InAnHour = 30;

    private readonly Dictionary<(string Name, Guid Uuid, string Meaning), long> _told = [];
    private readonly HashSet<string> _troubles = new(StringComparer.Ordinal);
    private readonly Queue<long> _newest = new();
    private long _leftOut;

    /// <summary>Messages that did not pass, but for those that only repeated what was told.</summary>
    public long LeftOut { get; private set; }

    /// <summary>The message to write; null when it was told lately, tells the end of what nobody heard of, or is one too many.</summary>
    /// <param name="message">The message.</param>
    /// <param name="nowMs">Any clock that does not go back, milliseconds.</param>
    public XapiMessage? Pass(XapiMessage message, long nowMs)
    {
        if (message.Ends.Length > 0)
        {
            // The next beginning is news again.
            if (!_troubles.Remove(message.Ends))
            {
                return null;
            }

            Forget(key => key.Name == message.Ends);
        }

        var meaning = (message.Name, message.Uuid, EventThrottle.Meaning(message.Body));
        if (message.Ends.Length == 0 && _told.TryGetValue(meaning, out var at) && nowMs - at < SameMs)
        {
            return null;
        }

        while (_newest.TryPeek(out var oldest) && nowMs - oldest >= SameMs)
        {
            _newest.Dequeue();
        }

        if (_newest.Count >= InAnHour)
        {
            _leftOut++;
            LeftOut++;
            return null;
        }

        _newest.Enqueue(nowMs);
        ForgetOld(nowMs);
        _told[meaning] = nowMs;
        if (message.Ends.Length == 0)
        {
            _troubles.Add(message.Name);
        }

        var left = _leftOut;
        _leftOut = 0;
        return left == 0 ? message : message with
        {
            Body = string.Create(CultureInfo.InvariantCulture, $"{message.Body} ({left} more messages were left out within the last hour: ha-ctl events)"),
        };
    }

    /// <summary>What has not been delivered was told to nobody: it may be told again.</summary>
    public void Undo(XapiMessage message) => Forget(key => key.Name == message.Name && key.Uuid == message.Uuid);

    private void Forget(Func<(string Name, Guid Uuid, string Meaning), bool> which)
    {
        foreach (var key in _told.Keys.Where(which).ToList())
        {
            _told.Remove(key);
        }
    }

    private void ForgetOld(long nowMs)
    {
        foreach (var (key, _) in _told.Where(pair => nowMs - pair.Value >= SameMs).ToList())
        {
            _told.Remove(key);
        }
    }
}
