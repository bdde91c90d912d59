using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>Tries to plug one path to shared storage.</summary>
/// <param name="Tries">Orders so far.</param>
/// <param name="RetryAt">Not before this time it is tried again.</param>
public sealed record PlugAttempt(int Tries, Instant RetryAt);
