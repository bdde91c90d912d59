using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>What a virtual drive looks like to its VM.</summary>
public enum VbdType
{
    /// <summary>A type this client does not know.</summary>
    Unknown = 0,

    /// <summary>A disk.</summary>
    Disk,

    /// <summary>A CD drive, possibly empty.</summary>
    CD,

    /// <summary>A floppy drive.</summary>
    Floppy,
}

/// <summary>How a virtual drive is attached.</summary>
public enum VbdMode
{
    /// <summary>A mode this client does not know.</summary>
    Unknown = 0,

    /// <summary>Read only.</summary>
    RO,

    /// <summary>Read and write.</summary>
    RW,
}

/// <summary>A virtual drive of a VM (idl/datamodel.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="VM">The VM it belongs to.</param>
/// <param name="VDI">The image in it; null when empty.</param>
/// <param name="Type">What it looks like.</param>
/// <param name="Mode">How it is attached.</param>
/// <param name="Empty">Whether there is no image in it.</param>
/// <param name="CurrentlyAttached">Whether the VM has it, according to the database.</param>
public sealed record VBDRecord(
    string Uuid, XenRef<VM> VM, XenRef<VDI> VDI, VbdType Type, VbdMode Mode, bool Empty, bool CurrentlyAttached)
{
    internal static VBDRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(),
        json.Member("VM").AsRef<VM>(),
        json.Member("VDI").AsRef<VDI>(),
        json.Member("type").AsEnum(("Disk", VbdType.Disk), ("CD", VbdType.CD), ("Floppy", VbdType.Floppy)),
        json.Member("mode").AsEnum(("RO", VbdMode.RO), ("RW", VbdMode.RW)),
        json.Member("empty").AsBool(),
        json.Member("currently_attached").AsBool());
}

/// <summary>A disk image (idl/datamodel.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="NameLabel">Name shown to people.</param>
/// <param name="SR">Where it is stored.</param>
/// <param name="VirtualSize">Size seen by a VM, bytes.</param>
public sealed record VDIRecord(string Uuid, string NameLabel, XenRef<SR> SR, long VirtualSize)
{
    internal static VDIRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(),
        json.Member("name_label").AsString(),
        json.Member("SR").AsRef<SR>(),
        json.Member("virtual_size").AsInt());
}

/// <summary>A storage repository (idl/datamodel.ml): the fields a HA daemon uses.</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="NameLabel">Name.</param>
/// <param name="Shared">Whether several hosts may use it.</param>
public sealed record SRRecord(string Uuid, string NameLabel, bool Shared)
{
    /// <summary>Its driver: nfs, lvmoiscsi, udev, …</summary>
    public string Type { get; init; } = "";

    /// <summary><c>iso</c> for images, <c>user</c> or <c>disk</c> otherwise.</summary>
    public string ContentType { get; init; } = "";

    internal static SRRecord Parse(XenJson json) => new(json.Member("uuid").AsString(), json.Member("name_label").AsString(), json.Member("shared").AsBool())
    {
        Type = json.TextOrEmpty("type"),
        ContentType = json.TextOrEmpty("content_type"),
    };
}

/// <summary>The path from a host to a storage repository (idl/datamodel.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="Host">The host.</param>
/// <param name="SR">The storage repository.</param>
/// <param name="CurrentlyAttached">
/// Whether it is plugged, according to the database; a lost path does not change it.
/// </param>
public sealed record PBDRecord(string Uuid, XenRef<Host> Host, XenRef<SR> SR, bool CurrentlyAttached)
{
    internal static PBDRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(),
        json.Member("host").AsRef<Host>(),
        json.Member("SR").AsRef<SR>(),
        json.Member("currently_attached").AsBool());
}
