using System.Runtime.InteropServices;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Host;

/// <summary>CLOCK_BOOTTIME (clock_gettime(2)): counts through a suspend, as the peer's clock does.</summary>
internal sealed partial class BootClock : IMonotonicClock
{
    private const int ClockBoottime = 7;

    public Instant Now
    {
        get
        {
            if (ClockGetTime(ClockBoottime, out var time) != 0)
            {
                throw new InvalidOperationException("clock_gettime(CLOCK_BOOTTIME) failed");
            }

            return new Instant((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100));
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
