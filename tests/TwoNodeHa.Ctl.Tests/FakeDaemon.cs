using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>A control socket that answers each request line as a test says.</summary>
internal sealed class FakeDaemon : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ha-ctl-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Func<ControlRequest, byte[]?> _answer;
    private readonly List<Socket> _open = [];
    private readonly Lock _lock = new();

    /// <summary>Answers with raw bytes; null keeps the connection open without an answer.</summary>
    public FakeDaemon(Func<ControlRequest, byte[]?> answer)
    {
        _answer = answer;
        SocketPath = Path.Combine(_directory, "control.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen(8);
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public string SocketPath { get; }

    /// <summary>Requests in the order of their arrival.</summary>
    public List<ControlRequest> Requests { get; } = [];

    public static FakeDaemon Answering(Func<ControlRequest, ControlAnswer> answer) => new(request =>
        [.. JsonSerializer.SerializeToUtf8Bytes(answer(request), ControlJson.Default.ControlAnswer), (byte)'\n']);

    public static FakeDaemon Answering(ControlAnswer answer) => Answering(_ => answer);

    public static FakeDaemon Saying(string raw) => new(_ => Encoding.UTF8.GetBytes(raw));

    public void Dispose()
    {
        _listener.Dispose();
        lock (_lock)
        {
            _open.ForEach(socket => socket.Dispose());
        }

        Directory.Delete(_directory, recursive: true);
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var socket = _listener.Accept();
                lock (_lock)
                {
                    _open.Add(socket);
                }

                Serve(socket);
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException or IOException)
        {
            // The test is over.
        }
    }

    private void Serve(Socket socket)
    {
        var reader = new StreamReader(new NetworkStream(socket));
        if (reader.ReadLine() is not { } line)
        {
            // Somebody only looked whether the socket accepts.
            return;
        }

        var request = JsonSerializer.Deserialize(line, ControlJson.Default.ControlRequest)!;
        lock (_lock)
        {
            Requests.Add(request);
        }

        if (_answer(request) is { } bytes)
        {
            socket.Send(bytes);
            socket.Shutdown(SocketShutdown.Both);
        }
    }
}
