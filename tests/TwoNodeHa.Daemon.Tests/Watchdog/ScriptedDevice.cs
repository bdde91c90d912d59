using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Daemon.Tests.Watchdog;

/// <summary>A device that answers as a driver would, and writes down what it was asked.</summary>
internal sealed class ScriptedDevice : IWatchdogDevice
{
    public const int Settable = 0x8180;

    public List<string> Asked { get; } = [];

    public WatchdogSysfs Sysfs { get; set; } = new() { Active = false, NoWayOut = false, Options = Settable, Identity = "fake" };

    public string Identity { get; set; } = "fake";

    public int Options { get; set; } = Settable;

    public string Holds { get; set; } = "";

    public int OpenError { get; set; }

    public int FeedError { get; set; }

    public int SetError { get; set; }

    /// <summary>What the device makes of a timeout; a negative one is refused with EINVAL.</summary>
    public Func<int, int> Take { get; set; } = seconds => seconds;

    public int Timeout { get; private set; } = 30;

    public bool Exists { get; set; } = true;

    public bool IsOpen { get; private set; }

    /// <summary>It would fire: started, and neither stopped nor closed in the way that stops it.</summary>
    public bool Runs { get; private set; }

    private bool _magic;

    public WatchdogSysfs Attributes() => Sysfs;

    public string Holder() => Holds;

    public int Open()
    {
        Asked.Add("open");
        IsOpen = OpenError == 0;
        Runs |= IsOpen;
        return OpenError;
    }

    public int GetSupport(out string identity, out int options)
    {
        (identity, options) = (Identity, Options);
        return 0;
    }

    public int SetTimeout(ref int seconds)
    {
        var taken = Take(seconds);
        if (SetError != 0 || taken < 0)
        {
            return SetError != 0 ? SetError : 22;
        }

        Asked.Add($"set {seconds}");
        Timeout = seconds = taken;
        return 0;
    }

    public int GetTimeout(out int seconds)
    {
        seconds = Timeout;
        return 0;
    }

    public int KeepAlive()
    {
        Asked.Add("feed");
        return FeedError;
    }

    public int WriteMagic()
    {
        Asked.Add("magic");
        _magic = true;
        return 0;
    }

    public void Close()
    {
        Asked.Add("close");
        var stops = Sysfs.NoWayOut != true && (_magic || (Options & 0x100) == 0);
        (IsOpen, Runs, _magic) = (false, Runs && !stops, false);
    }
}
