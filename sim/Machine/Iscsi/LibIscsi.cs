using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TwoNodeHa.Sim.Machine.Iscsi;

/// <summary>What of libiscsi 1.19 is used (iscsi.h, scsi-lowlevel.h): an iSCSI initiator in user space.</summary>
internal static unsafe partial class LibIscsi
{
    public const string Library = "libiscsi.so.7";

    public const int Good = 0;
    public const int CheckCondition = 2;
    public const int ReservationConflict = 0x18;

    /// <summary>From here on it is no status of a target: cancelled, error, time-out.</summary>
    public const int NoStatus = 0x0F00_0000;

    public const int SessionNormal = 2;
    public const int NoDigest = 0;
    public const int TransferNone = 0;
    public const int TransferIn = 1;
    public const int TransferOut = 2;

    [LibraryImport(Library, EntryPoint = "iscsi_create_context", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint CreateContext(string initiator);

    [LibraryImport(Library, EntryPoint = "iscsi_destroy_context")]
    public static partial int DestroyContext(nint context);

    [LibraryImport(Library, EntryPoint = "iscsi_set_isid_en")]
    public static partial int SetIsid(nint context, uint enterprise, uint qualifier);

    [LibraryImport(Library, EntryPoint = "iscsi_set_targetname", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetTarget(nint context, string target);

    [LibraryImport(Library, EntryPoint = "iscsi_set_session_type")]
    public static partial int SetSessionType(nint context, int type);

    [LibraryImport(Library, EntryPoint = "iscsi_set_header_digest")]
    public static partial int SetHeaderDigest(nint context, int digest);

    [LibraryImport(Library, EntryPoint = "iscsi_set_noautoreconnect")]
    public static partial void SetNoAutoReconnect(nint context, int state);

    [LibraryImport(Library, EntryPoint = "iscsi_set_timeout")]
    public static partial int SetTimeout(nint context, int seconds);

    /// <summary>TCP, login, and TEST UNIT READY of a LUN, after which nothing is told of the login any more.</summary>
    [LibraryImport(Library, EntryPoint = "iscsi_full_connect_async", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Connect(nint context, string portal, int lun, delegate* unmanaged[Cdecl]<nint, int, nint, nint, void> done, nint about);

    [LibraryImport(Library, EntryPoint = "iscsi_get_fd")]
    public static partial int Descriptor(nint context);

    [LibraryImport(Library, EntryPoint = "iscsi_which_events")]
    public static partial int Events(nint context);

    [LibraryImport(Library, EntryPoint = "iscsi_service")]
    public static partial int Service(nint context, int events);

    [LibraryImport(Library, EntryPoint = "scsi_create_task")]
    public static partial nint CreateTask(int length, byte* cdb, int direction, int expected);

    [LibraryImport(Library, EntryPoint = "scsi_free_scsi_task")]
    public static partial void FreeTask(nint task);

    [LibraryImport(Library, EntryPoint = "scsi_task_add_data_in_buffer")]
    public static partial int AddBufferIn(nint task, int length, byte* buffer);

    [LibraryImport(Library, EntryPoint = "scsi_task_add_data_out_buffer")]
    public static partial int AddBufferOut(nint task, int length, byte* buffer);

    [LibraryImport(Library, EntryPoint = "scsi_task_get_status")]
    public static partial int StatusOf(nint task, Sense* sense);

    [LibraryImport(Library, EntryPoint = "iscsi_scsi_command_async")]
    public static partial int Send(nint context, int lun, nint task, delegate* unmanaged[Cdecl]<nint, int, nint, nint, void> done, nint data, nint about);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    /// <summary>poll(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Seen;
    }

    /// <summary>The beginning of <c>struct scsi_sense</c>, and room for what follows.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Sense
    {
        public byte Type;
        public int Key;
        public int Code;
        public Rest More;

        [InlineArray(64)]
        public struct Rest
        {
            private byte _first;
        }
    }
}
