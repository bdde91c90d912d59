using System.Collections.Immutable;

namespace TwoNodeHa.Core.Model;

/// <summary>
/// Whose a tapdisk was of which nothing tells any more: its entry in xenstore goes with the domain, and the daemon that had
/// read it may be gone too.
/// </summary>
public static class BackendOrigin
{
    /// <summary>Takes tapdisks of an unknown owner for those of guests where that is the safe side.</summary>
    /// <param name="read">A list as it was read.</param>
    /// <param name="before">The list before, attributed: a process keeps its owner. Null: none in this incarnation.</param>
    /// <param name="inherits">
    /// A former daemon of this boot held a right to run and gave no word that nothing runs here: what is open when its
    /// successor first looks may be left of a VM. What is opened later is dom0's own, a VM's would have a domain.
    /// </param>
    public static HypervisorFacts Attribute(HypervisorFacts read, HypervisorFacts? before, bool inherits)
    {
        ArgumentNullException.ThrowIfNull(read);
        return read.Backends.Any(backend => IsLeft(backend, before, inherits))
            ? read with
            {
                Backends = [.. read.Backends.Select(backend => IsLeft(backend, before, inherits) ? backend with { Owner = BackendOwner.Guest } : backend)],
            }
            : read;
    }

    private static bool IsLeft(BackendFact backend, HypervisorFacts? before, bool inherits) =>
        backend is { Kind: BackendKind.Tapdisk, Owner: BackendOwner.Unknown }
        && (before is null ? inherits : before.Backends.Any(known => known.Owner == BackendOwner.Guest
            && (known.Pid, known.StartTicks) == (backend.Pid, backend.StartTicks)));
}
