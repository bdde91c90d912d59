using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TwoNodeHa.Sim.Machine.Iscsi;

/// <summary>What a target said to a command.</summary>
/// <param name="Status">SCSI status; <see cref="LibIscsi.NoStatus"/> and above: nothing was heard, and it may have been carried out.</param>
/// <param name="SenseKey">With a CHECK CONDITION: SPC-4, table "sense key descriptions".</param>
/// <param name="SenseCode">Additional sense code and its qualifier.</param>
/// <param name="Data">What was read; as long as was asked for, zeros behind what came.</param>
internal sealed record ScsiAnswer(int Status, int SenseKey, int SenseCode, byte[] Data)
{
    public static readonly ScsiAnswer Nothing = new(LibIscsi.NoStatus, 0, 0, []);

    public bool Heard => Status < LibIscsi.NoStatus;

    public bool IsUnitAttention => Status == LibIscsi.CheckCondition && SenseKey == 6;
}

/// <summary>
/// The one session of a host with its target, as the kernel's initiator keeps it: everything that the host sends is of one I_T nexus, and
/// a session that breaks is made anew, under the same name.
/// </summary>
internal sealed unsafe class IscsiSession : IDisposable
{
    private const short PollIn = 0x001;
    private const short PollBroken = 0x008 | 0x010 | 0x2000;
    private const int TurnMilliseconds = 5;
    private const int CommandSeconds = 10;
    private static readonly TimeSpan LoginLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenLogins = TimeSpan.FromMilliseconds(200);

    private readonly string _initiator;
    private readonly string _portal;
    private readonly string _target;
    private readonly ConcurrentQueue<Request> _waiting = new();
    private readonly HashSet<Request> _sent = [];
    private readonly Thread _thread;
    private volatile bool _stop;
    private nint _context;
    private bool _broken;
    private int? _login;

    /// <param name="initiator">Name of the host's initiator (iqn).</param>
    /// <param name="portal">Address and port of the target.</param>
    /// <param name="target">Name of the target (iqn).</param>
    public IscsiSession(string initiator, string portal, string target)
    {
        (_initiator, _portal, _target) = (initiator, portal, target);
        _thread = new Thread(Run) { IsBackground = true, Name = "iscsi" };
        _thread.Start();
    }

    /// <summary>How often it was logged in; another number is another session.</summary>
    public int Logins { get; private set; }

    /// <summary>Sends a command. Without a session there is no answer, at once.</summary>
    /// <param name="lun">Logical unit.</param>
    /// <param name="cdb">Command descriptor block.</param>
    /// <param name="written">Data of a command that writes.</param>
    /// <param name="read">Bytes that a command reads.</param>
    public Task<ScsiAnswer> SendAsync(int lun, byte[] cdb, byte[]? written = null, int read = 0)
    {
        var request = new Request(lun, cdb, written ?? new byte[read], written is not null);
        _waiting.Enqueue(request);
        return request.Answer.Task;
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void LoggedIn(nint context, int status, nint data, nint about) => ((IscsiSession)GCHandle.FromIntPtr(about).Target!)._login = status;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Done(nint context, int status, nint data, nint about) => ((Request)GCHandle.FromIntPtr(about).Target!).Status = status;

    private void Run()
    {
        var self = GCHandle.Alloc(this);
        while (!_stop)
        {
            if (Login(GCHandle.ToIntPtr(self)))
            {
                Logins++;
                while (!_stop && !_broken)
                {
                    Submit();
                    Turn();
                    _ = _sent.RemoveWhere(Finished);
                }
            }

            Close();
            Thread.Sleep(BetweenLogins);
        }

        self.Free();
    }

    private bool Login(nint self)
    {
        (_broken, _login) = (false, null);
        _context = LibIscsi.CreateContext(_initiator);
        _ = LibIscsi.SetIsid(_context, 1, 1);
        _ = LibIscsi.SetTarget(_context, _target);
        _ = LibIscsi.SetSessionType(_context, LibIscsi.SessionNormal);
        _ = LibIscsi.SetHeaderDigest(_context, LibIscsi.NoDigest);
        LibIscsi.SetNoAutoReconnect(_context, 1);
        _ = LibIscsi.SetTimeout(_context, CommandSeconds);

        // LUN 0 of tgtd is its controller, which is always there.
        _broken = LibIscsi.Connect(_context, _portal, 0, &LoggedIn, self) != 0;
        var watch = Stopwatch.StartNew();
        while (!_stop && !_broken && _login is null && watch.Elapsed < LoginLimit)
        {
            Turn();
            GiveUpWaiting();
        }

        return _login == LibIscsi.Good && !_broken;
    }

    private void Turn()
    {
        var entry = new LibIscsi.PollEntry
        {
            Descriptor = LibIscsi.Descriptor(_context), Events = (short)(LibIscsi.Events(_context) | PollIn | PollBroken),
        };
        _ = LibIscsi.Poll(&entry, 1, TurnMilliseconds);
        _broken |= LibIscsi.Service(_context, entry.Seen & ~0x2000) < 0 || (entry.Seen & PollBroken) != 0;
    }

    private void Submit()
    {
        while (_waiting.TryDequeue(out Request? request))
        {
            request.Prepare();
            if (LibIscsi.Send(_context, request.Lun, request.Task, &Done, 0, request.About) != 0)
            {
                request.Status = LibIscsi.NoStatus;
                _broken = true;
            }

            _sent.Add(request);
        }
    }

    private bool Finished(Request request)
    {
        if (request.Status is not { } status)
        {
            return false;
        }

        _broken |= status >= LibIscsi.NoStatus;
        request.Finish();
        return true;
    }

    private void Close()
    {
        // It calls back for what is under way, or does not.
        _ = LibIscsi.DestroyContext(_context);
        _context = 0;
        foreach (Request request in _sent)
        {
            request.Finish();
        }

        _sent.Clear();
        GiveUpWaiting();
    }

    private void GiveUpWaiting()
    {
        while (_waiting.TryDequeue(out Request? request))
        {
            request.Answer.SetResult(ScsiAnswer.Nothing);
        }
    }

    private sealed class Request(int lun, byte[] cdb, byte[] data, bool writes)
    {
        private readonly byte[] _data = GC.AllocateUninitializedArray<byte>(data.Length, pinned: true);
        private GCHandle _self;

        public TaskCompletionSource<ScsiAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Lun => lun;

        public int? Status { get; set; }

        public nint Task { get; private set; }

        public nint About => GCHandle.ToIntPtr(_self);

        public void Prepare()
        {
            _self = GCHandle.Alloc(this);
            data.CopyTo(_data, 0);
            int direction = data.Length == 0 ? LibIscsi.TransferNone : writes ? LibIscsi.TransferOut : LibIscsi.TransferIn;
            fixed (byte* command = cdb)
            {
                Task = LibIscsi.CreateTask(cdb.Length, command, direction, data.Length);
            }

            if (data.Length > 0)
            {
                var buffer = (byte*)Unsafe.AsPointer(ref _data[0]);
                _ = writes ? LibIscsi.AddBufferOut(Task, data.Length, buffer) : LibIscsi.AddBufferIn(Task, data.Length, buffer);
            }
        }

        public void Finish()
        {
            LibIscsi.Sense sense = default;
            int status = Status ?? LibIscsi.NoStatus;
            if (status == LibIscsi.CheckCondition)
            {
                _ = LibIscsi.StatusOf(Task, &sense);
            }

            LibIscsi.FreeTask(Task);
            _self.Free();
            Answer.SetResult(new ScsiAnswer(status, sense.Key, sense.Code, writes ? [] : [.. _data]));
        }
    }
}
