using TwoNodeHa.Agent;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Tests.Support;

/// <summary>A clock that moves only when told.</summary>
internal sealed class ManualClock : IMonotonicClock
{
    public Instant Now { get; set; } = Instant.FromSeconds(1000);
}
