using System.Runtime.InteropServices;
using System.Text;

namespace TwoNodeHa.Daemon.Watchdog;

/// <summary>
/// The calls to a watchdog device (Documentation/watchdog/watchdog-api.rst); a test answers in its place. Results are 0
/// or an errno (errno(3)).
/// </summary>
internal interface IWatchdogDevice
{
    /// <summary>The device is there.</summary>
    bool Exists { get; }

    /// <summary>It is open.</summary>
    bool IsOpen { get; }

    /// <summary>What sysfs says, without opening it.</summary>
    WatchdogSysfs Attributes();

    /// <summary>Who else holds it open; empty when nobody is seen.</summary>
    string Holder();

    /// <summary>open(2): starts the watchdog.</summary>
    int Open();

    /// <summary>WDIOC_GETSUPPORT.</summary>
    int GetSupport(out string identity, out int options);

    /// <summary>WDIOC_SETTIMEOUT, whole seconds; the device may put another value in its place.</summary>
    int SetTimeout(ref int seconds);

    /// <summary>WDIOC_GETTIMEOUT, whole seconds.</summary>
    int GetTimeout(out int seconds);

    /// <summary>WDIOC_KEEPALIVE; a written character where the driver has none (no WDIOF_KEEPALIVEPING).</summary>
    int KeepAlive();

    /// <summary>write(2) of the magic character 'V'.</summary>
    int WriteMagic();

    /// <summary>close(2).</summary>
    void Close();
}

/// <summary>A device of this kernel.</summary>
internal sealed partial class KernelWatchdogDevice(string path) : IWatchdogDevice
{
    private const int WriteOnly = 1;
    private const int CloseOnExec = 0x80000;

    // _IOR and _IOWR of 'W' with the numbers of linux/watchdog.h, as x86-64 and arm64 encode them (asm-generic/ioctl.h).
    private const nuint IoctlGetSupport = 0x80285700;
    private const nuint IoctlKeepAlive = 0x80045705;
    private const nuint IoctlSetTimeout = 0xC0045706;
    private const nuint IoctlGetTimeout = 0x80045707;

    private const int NotSupported = 95;

    private int _descriptor = -1;

    public bool Exists => File.Exists(path);

    public bool IsOpen => _descriptor >= 0;

    public WatchdogSysfs Attributes() => WatchdogSysfs.Read(path);

    public string Holder() => WatchdogSysfs.Holder(path);

    public int Open()
    {
        _descriptor = OpenFile(path, WriteOnly | CloseOnExec);
        return _descriptor >= 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    public unsafe int GetSupport(out string identity, out int options)
    {
        // struct watchdog_info: options, firmware_version, identity[32].
        var info = stackalloc byte[40];
        var error = Ioctl(_descriptor, IoctlGetSupport, (nint)info) == 0 ? 0 : Marshal.GetLastPInvokeError();
        options = error == 0 ? *(int*)info : 0;
        var name = new ReadOnlySpan<byte>(info + 8, 32);
        var end = name.IndexOf((byte)0);
        identity = error == 0 ? Encoding.ASCII.GetString(end >= 0 ? name[..end] : name) : "";
        return error;
    }

    public unsafe int SetTimeout(ref int seconds)
    {
        fixed (int* value = &seconds)
        {
            return Ioctl(_descriptor, IoctlSetTimeout, (nint)value) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    public unsafe int GetTimeout(out int seconds)
    {
        var value = 0;
        var error = Ioctl(_descriptor, IoctlGetTimeout, (nint)(&value)) == 0 ? 0 : Marshal.GetLastPInvokeError();
        seconds = value;
        return error;
    }

    public unsafe int KeepAlive()
    {
        var none = 0;
        var error = Ioctl(_descriptor, IoctlKeepAlive, (nint)(&none)) == 0 ? 0 : Marshal.GetLastPInvokeError();
        return error == NotSupported ? WriteByte((byte)'\0') : error;
    }

    public int WriteMagic() => WriteByte((byte)'V');

    public void Close()
    {
        if (_descriptor >= 0)
        {
            _ = CloseFile(_descriptor);
            _descriptor = -1;
        }
    }

    private int WriteByte(byte value) => Write(_descriptor, [value], 1) == 1 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, byte[] bytes, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int descriptor);
}
