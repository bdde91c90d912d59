using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What the start of a VM depends on besides the VM: when it gets better, what was given up is tried again at once.</summary>
/// <param name="PeerTakes">The peer is whole, and a VM may be started there.</param>
/// <param name="Storage">Storage of the protected VMs.</param>
/// <param name="ToolstackReady">The own toolstack finished its start-up.</param>
/// <param name="Unplugged">Paths to shared storage that are not plugged.</param>
/// <param name="Enabled">XAPI has this host enabled.</param>
/// <param name="Alone">The peer was removed from the pool.</param>
/// <param name="FreeMemory">Lowest free memory of this host since the last hope, bytes; -1 when not read.</param>
public readonly record struct StartCircumstances(bool PeerTakes, Health Storage, bool ToolstackReady, int Unplugged, bool Enabled, bool Alone, long FreeMemory);
