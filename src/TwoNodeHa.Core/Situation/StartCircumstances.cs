using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What the start of a VM depends on besides the VM: when it gets better, what was given up is tried again at once.</summary>
/// <param name="PeerFresh">The peer is heard.</param>
/// <param name="Storage">Storage of the protected VMs.</param>
/// <param name="ToolstackReady">The own toolstack finished its start-up.</param>
/// <param name="Unplugged">Paths to shared storage that are not plugged.</param>
/// <param name="FreeMemory">Lowest free memory of this host since the last hope, bytes; -1 when not read.</param>
public readonly record struct StartCircumstances(bool PeerFresh, Health Storage, bool ToolstackReady, int Unplugged, long FreeMemory);
