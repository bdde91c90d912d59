using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What the start of a VM depends on besides the VM: when it gets better, what was given up is tried again at once.</summary>
/// <param name="PeerFresh">The peer is heard.</param>
/// <param name="Rooms">On how many hosts VMs may start: this one, and a peer that is paired, each unless its record says that it is disabled.</param>
/// <param name="Storage">Storage of the protected VMs.</param>
/// <param name="ToolstackReady">The own toolstack finished its start-up.</param>
/// <param name="Unplugged">Paths to shared storage that are not plugged.</param>
/// <param name="FreeMemory">Lowest free memory of this host since the last hope, bytes; -1 when not read.</param>
public readonly record struct StartCircumstances(bool PeerFresh, int Rooms, Health Storage, bool ToolstackReady, int Unplugged, long FreeMemory);
