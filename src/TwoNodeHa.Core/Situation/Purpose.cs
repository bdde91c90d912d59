using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Core.Situation;

/// <summary>What the answer to a command is waited for.</summary>
public enum Purpose
{
    /// <summary>Nobody waits for it: ordered for its effect, or what it was ordered for was abandoned.</summary>
    Nothing = 0,

    /// <summary>A reading of the hypervisor.</summary>
    ReadDomains = 1,

    /// <summary>A reading of the toolstack.</summary>
    ReadToolstack = 2,

    /// <summary>The fence kills the toolstack.</summary>
    KillToolstack = 3,

    /// <summary>The fence destroys a domain.</summary>
    KillDomain = 4,

    /// <summary>The boot guard writes the role file.</summary>
    WriteGuardedRole = 5,

    /// <summary>A departing host hands the mastership over.</summary>
    HandOver = 6,

    /// <summary>A change of the own toolstack's role.</summary>
    ChangeRole = 7,

    /// <summary>A step of the takeover.</summary>
    TakeoverStep = 8,

    /// <summary>The start of a VM.</summary>
    StartVm = 9,

    /// <summary>The fence agent switches the peer off, by rule. Abandoned when the reason is gone: then its adapter orders nothing more.</summary>
    FencePeer = 10,

    /// <summary>The fence ends the back-ends that no domain is left of.</summary>
    EndBackends = 11,

    /// <summary>A path to shared storage is plugged.</summary>
    PlugStorage = 12,

    /// <summary>A VM is marked in XAPI's fields for an operator.</summary>
    MarkVm = 20,

    /// <summary>The mastership is handed to the emptier host.</summary>
    PreferMaster = 21,

    /// <summary>A live migration for a maintenance.</summary>
    MoveVm = 22,

    /// <summary>A master that was emptied for a maintenance hands the mastership over.</summary>
    GiveMastership = 23,

    /// <summary>The fence agent switches the peer off, by the operator's order: that has its reason whatever is heard.</summary>
    SwitchPeerOff = 24,

    /// <summary>The arbiter is asked for its lease: while an answer is under way, the lease is not given back.</summary>
    AcquireLease = 25,

    /// <summary>The database shows a VM that runs here on the dead peer: it is reset there before XAPI reconciles.</summary>
    KeepVm = 26,

    /// <summary>XAPI's database is copied to the other host.</summary>
    CopyDatabase = 27,

    /// <summary>The fence agent only reads the peer's power.</summary>
    ReadPeerPower = 28,

    /// <summary>The reservations on the storage are read.</summary>
    ReadReservations = 29,

    /// <summary>The own key is registered on the storage.</summary>
    RegisterKeys = 30,

    /// <summary>The peer's key is taken from the storage. Abandoned when the reason is gone: then its adapter orders nothing more.</summary>
    PreemptPeer = 31,

    /// <summary>This host is enabled or disabled in XAPI for a maintenance: one order at a time, for two could be carried out in any order.</summary>
    SwitchHost = 32,

    /// <summary>The power state of a VM that the dead host held is reset.</summary>
    ResetVm = 33,
}
