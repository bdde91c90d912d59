namespace TwoNodeHa.Core.Situation;

/// <summary>XAPI is asked to enable or disable a host, by this daemon.</summary>
/// <param name="Enabled">What it is to be.</param>
/// <param name="Succeeded">XAPI said that it is. False while nothing was answered, and after an error.</param>
public sealed record HostSwitch(bool Enabled, bool Succeeded);
